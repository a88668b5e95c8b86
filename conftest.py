"""Keeps the search for doctests from importing modules of a backend that is not installed."""

from importlib.util import find_spec

collect_ignore_glob = [
    pattern
    for backend in ("jax", "torch")
    if not find_spec(backend)
    for pattern in (f"src/**/{backend}_forms.py", f"src/**/{backend}_network.py")
]

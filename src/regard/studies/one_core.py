"""Lets a process compute on one core, so that its sums do not depend on how many there are."""

import os

from regard import backend

_ONE = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_XLA = "--xla_cpu_multi_thread_eigen=false"


def count() -> int:
    """Returns how many processes train at a time: one a core, or one where there is a GPU."""
    if backend.ACCELERATOR.exists():
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def variables() -> dict[str, str]:
    """Returns the environment variables with which a process computes on one core.

    They are read when TensorFlow, JAX or PyTorch are imported. Where there is a GPU only the
    backend is set, and the process computes there.

    Example:
        >>> set(variables()) >= {"KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL"}
        True
    """
    chosen = {"KERAS_BACKEND": backend.choose() or "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    if backend.ACCELERATOR.exists():
        return chosen
    flags = f"{os.environ.get('XLA_FLAGS', '')} {_XLA}".strip()
    return chosen | dict.fromkeys(_ONE, "1") | {"XLA_FLAGS": flags}

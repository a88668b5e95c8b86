"""Networks that carry attention, and reading them from files."""

from regard.models.files import load

__all__ = ["load", "tutorial"]


def __getattr__(name):
    if name == "tutorial":
        from regard.models.presets import tutorial

        return tutorial
    raise AttributeError(f"module 'regard.models' has no attribute {name!r}")

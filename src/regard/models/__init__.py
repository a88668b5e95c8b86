"""Networks that carry attention, putting attention into any, and reading them from files."""

import importlib

from regard.models.files import load

PRESETS = ("convnext_nano", "mobilenetv2_small", "regard_fast", "resnet9", "resnet20", "tutorial")
_HOME = {
    "count_multiply_adds": "regard.models.cost",
    "fold": "regard.models.folding",
    "insert": "regard.models.insertion",
} | dict.fromkeys(PRESETS, "regard.models.presets")

__all__ = ["PRESETS", "load", *sorted(_HOME)]


def __getattr__(name):
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'regard.models' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])

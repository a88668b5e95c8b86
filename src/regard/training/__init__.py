"""Training by a recipe, into a run folder; and of any model, by `fit`."""

import importlib

from regard.training.recipe import Recipe, read_recipe

_HOME = {
    "Checkpoints": "regard.training.checkpoints",
    "NotFinite": "regard.training.loop",
    "Stopped": "regard.training.training",
    "Trained": "regard.training.training",
    "fit": "regard.training.loop",
    "resume_run": "regard.training.training",
    "train_run": "regard.training.training",
}

__all__ = ["Recipe", "read_recipe", *_HOME]


def __getattr__(name):
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'regard.training' has no attribute {name!r}")

"""Build, train and look into CNNs with attention, on Keras 3.

Importing regard chooses the Keras backend (see `regard.backend`) but loads no Keras; each
public name is loaded on first use.
"""

import importlib
from typing import TYPE_CHECKING

from regard import backend

if TYPE_CHECKING:
    from regard import datasets, layers, models
    from regard.attribution import attributions
    from regard.comparing import compare
    from regard.errors import DataError, RegardError, UsageError
    from regard.evaluation import evaluate_probabilities
    from regard.maps import AttentionMaps, attention_maps, iter_attention_maps
    from regard.maps.faithfulness import faithfulness
    from regard.models import load
    from regard.pipeline import train

__version__ = "0.1.0"

_HOME = {
    "AttentionMaps": "regard.maps",
    "DataError": "regard.errors",
    "RegardError": "regard.errors",
    "UsageError": "regard.errors",
    "attention_maps": "regard.maps",
    "attributions": "regard.attribution",
    "compare": "regard.comparing",
    "evaluate_probabilities": "regard.evaluation",
    "faithfulness": "regard.maps.faithfulness",
    "iter_attention_maps": "regard.maps",
    "load": "regard.models",
    "train": "regard.pipeline",
}
_MODULES = ("datasets", "layers", "models")

__all__ = [
    "AttentionMaps",
    "DataError",
    "RegardError",
    "UsageError",
    "attention_maps",
    "attributions",
    "compare",
    "datasets",
    "evaluate_probabilities",
    "faithfulness",
    "iter_attention_maps",
    "layers",
    "load",
    "models",
    "train",
]


def __getattr__(name):
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"regard.{name}")
    raise AttributeError(f"module 'regard' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])


backend.choose()
backend.let_tensorflow_be_fast()
backend.register_layers_with_keras()

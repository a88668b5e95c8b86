"""How a file's arguments and weights become one of our layers."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

ADAPTERS = {}


@dataclass
class Ours:
    """What to build for a case.

    Attributes:
        name: Registered name of the layer.
        arguments: Its arguments.
        weights: Value of each of our weights, by its path below the layer.
        attention: For maps that we give otherwise than the file does: the file's name to a
            function of our attention (of arrays). By default a single map or the equal names.
    """

    name: str
    arguments: dict[str, Any]
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    attention: dict[str, Callable] = field(default_factory=dict)


def adapter(name):
    """Registers a function `(arguments, weights) -> Ours` for the files of layer `name`.

    `arguments` and `weights` are the file's, named as there.
    """

    def register(function):
        ADAPTERS[name] = function
        return function

    return register


def load_adapters():
    """Imports every module of adapters."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name not in ("__main__", "adapter", "compare"):
            importlib.import_module(f"{__package__}.{module.name}")
    return ADAPTERS


def dense(weight):
    """A dense map or a 1x1 convolution in the source's layout, as a Dense kernel."""
    return weight.reshape(weight.shape[:2]).T


def convolution(weight):
    """A convolution's kernel (out, in, *spatial) as Keras has it (*spatial, in, out)."""
    return np.moveaxis(weight, (0, 1), (-1, -2))


def depthwise(weight):
    """A depthwise kernel (channels, 1, *spatial) as Keras has it (*spatial, channels, 1)."""
    return np.moveaxis(weight, (0, 1), (-2, -1))


def norm(ours, weights, theirs):
    """The weights of a batch, layer or group norm, by our path."""
    names = {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "moving_mean",
        "running_var": "moving_variance",
    }
    return {
        f"{ours}/{keras_name}": weights[f"{theirs}.{name}"].reshape(-1)
        for name, keras_name in names.items()
        if f"{theirs}.{name}" in weights
    }


def linear(ours, weights, theirs, layout=dense):
    """Kernel and, where there is one, bias of a dense map or convolution, by our path."""
    found = {f"{ours}/kernel": layout(weights[f"{theirs}.weight"])}
    if f"{theirs}.bias" in weights:
        found[f"{ours}/bias"] = weights[f"{theirs}.bias"]
    return found

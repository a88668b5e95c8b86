"""One attention layer under test, and what the checks need of it."""

import inspect
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

MAP = (2, 5, 7, 8)
BY_RANK = {3: (2, 9, 8), 4: MAP, 5: (2, 3, 2, 4, 8)}


@dataclass(frozen=True)
class Case:
    """An attention layer to check.

    Attributes:
        cls: The layer's class.
        example: A second, non-default value for each argument; together they fit 8 channels.
        arguments: Arguments to give always.
    """

    cls: type
    example: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)

    def make(self, data_format="channels_last", **more):
        """Returns a layer with its default arguments, or the example's if those do not fit."""
        fixed = self.arguments | {"data_format": data_format} | more
        layer = self.cls(**fixed)
        return layer if _fits(layer) else self.cls(**(self.example | fixed))

    def make_example(self, **more):
        """Returns a layer with the example's arguments."""
        return self.cls(**(self.example | self.arguments | {"data_format": "channels_last"} | more))

    def own_arguments(self):
        """Returns the names of the class's arguments, without those of every Keras layer."""
        parameters = inspect.signature(self.cls.__init__).parameters.values()
        kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        return [p for p in parameters if p.name != "self" and p.kind not in kinds]


def _fits(layer):
    """Whether a copy of the layer can be built for the map of the checks."""
    shape = MAP if layer.data_format == "channels_last" else (2, 8, 5, 7)
    try:
        type(layer).from_config(layer.get_config()).build(shape)
    except ValueError:
        return False
    return True


def named(attention):
    """Returns the maps of a call by name, as arrays."""
    return {name: array(value) for name, value in named_symbols(attention).items()}


def named_symbols(attention):
    """Returns the maps of a symbolic call by name."""
    return attention if isinstance(attention, dict) else {"attention": attention}


def image(shape=MAP, seed=0):
    """Returns a feature map of normal random numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def awake(layer, shape=MAP, seed=1):
    """Gives random numbers to all weights, so that nothing is hidden behind a zero."""
    if not layer.built:
        layer.build(shape)
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return layer


def array(tensor):
    """Returns a tensor as a float32 array."""
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


def model_around(layer, shape=(None, None, 8)):
    """Returns a small model of one output around the layer."""
    inputs = keras.Input(MAP[1:] if getattr(layer, "fixed_size", False) else shape)
    x = layer(inputs)
    if len(x.shape) == 4:
        x = keras.layers.GlobalAveragePooling2D(data_format="channels_last")(x)
    return keras.Model(inputs, keras.layers.Dense(1)(x))

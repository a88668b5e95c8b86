"""What a layer's attention is: as it declares it, or as Keras's own layers have it."""

from typing import NamedTuple

import keras

_OF_KERAS = {
    keras.layers.Attention: ("batch", "query", "key"),
    keras.layers.AdditiveAttention: ("batch", "query", "key"),
    keras.layers.MultiHeadAttention: ("batch", "head", "query", "key"),
    keras.layers.GroupQueryAttention: ("batch", "head", "query", "key"),
}


class Declared(NamedTuple):
    """One attention map of a layer.

    Attributes:
        axes: Names of its axes.
        kind: `"distribution"` or `"gate"`.
        range: Lowest and highest value, None where there is no bound.
        sum_axes: Axes over which a distribution sums to one.
    """

    axes: tuple[str, ...]
    kind: str
    range: tuple[float | None, float | None]
    sum_axes: tuple[str, ...]


def is_of_keras(layer):
    """Whether a layer is one of Keras's own attention layers, or made from one."""
    return isinstance(layer, tuple(_OF_KERAS)) and not hasattr(layer, "attention_kind")


def is_attention(layer):
    """Whether a layer can give back its attention."""
    return hasattr(layer, "attention_kind") or is_of_keras(layer)


def declared(layer):
    """Returns a layer's attention maps by name; a single map has the name `attention`.

    Example:
        >>> declared(keras.layers.Attention())["attention"].axes
        ('batch', 'query', 'key')
    """
    if is_of_keras(layer):
        axes = next(axes for cls, axes in _OF_KERAS.items() if isinstance(layer, cls))
        return {"attention": Declared(axes, "distribution", (0.0, 1.0), ("key",))}
    axes = layer.attention_axes
    names = list(axes) if isinstance(axes, dict) else ["attention"]

    def of(value, name):
        return value[name] if isinstance(value, dict) else value

    return {
        name: Declared(
            of(axes, name),
            of(layer.attention_kind, name),
            of(getattr(layer, "attention_range", (None, None)), name),
            of(getattr(layer, "attention_sum_axes", ()), name),
        )
        for name in names
    }

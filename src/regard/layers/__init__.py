"""All of `keras.layers`, with attention over the pixels of a feature map.

`from regard import layers` stands in for `from keras import layers`: every layer is Keras's
own, but for `Attention`, which takes stock calls unchanged and one feature map as well.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras.layers import *  # noqa: F403

    from regard.layers.attention import Attention as Attention

_OURS = {"Attention": "pixel"}


def __getattr__(name):
    if name in _OURS:
        from regard.layers.registry import layer_class

        return layer_class(_OURS[name])
    if name == "__all__":
        return [n for n in __dir__() if not n.startswith("_")]
    if name.startswith("__"):
        raise AttributeError(f"module 'regard.layers' has no attribute {name!r}")
    import keras

    return getattr(keras.layers, name)


def __dir__():
    import keras

    return sorted({*dir(keras.layers), *_OURS})

"""All of `keras.layers`, with attention over feature maps.

`from regard import layers` stands in for `from keras import layers`: every layer is Keras's
own, but for `Attention`, which takes stock calls unchanged and one feature map as well; and
every attention layer of the table is there by its class's name.
"""

import importlib
from typing import TYPE_CHECKING

from regard.layers.registry import LAYERS, layer_class
from regard.layers.registry import make_layer as make_layer

if TYPE_CHECKING:
    from keras.layers import *  # noqa: F403

    from regard.layers.attention import Attention as Attention
    from regard.layers.base import AttentionLayer as AttentionLayer
    from regard.layers.scores_limit import limit_scores as limit_scores

_OURS = {entry.target.split(":")[1]: name for name, entry in LAYERS.items()}
_HOME = {
    "AttentionLayer": "regard.layers.base",
    "limit_scores": "regard.layers.scores_limit",
}


def __getattr__(name):
    if name in _OURS:
        return layer_class(_OURS[name])
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name == "__all__":
        return [n for n in __dir__() if not n.startswith("_")]
    if name.startswith("__"):
        raise AttributeError(f"module 'regard.layers' has no attribute {name!r}")
    import keras

    return getattr(keras.layers, name)


def __dir__():
    import keras

    return sorted({*dir(keras.layers), *_OURS, *_HOME, "LAYERS", "layer_class", "make_layer"})

import pytest

from regard import layers
from regard.errors import UsageError
from regard.layers.registry import layer_class

import keras  # isort: skip


def public(module):
    return [name for name in dir(module) if not name.startswith("_")]


def test_every_layer_of_keras_is_there():
    assert len(public(keras.layers)) > 100
    for name in set(public(keras.layers)) - {"Attention"}:
        assert getattr(layers, name) is getattr(keras.layers, name)


def test_attention_is_ours():
    assert layers.Attention is layer_class("pixel")
    assert layers.Attention is not keras.layers.Attention
    assert issubclass(layers.Attention, keras.layers.Attention)


def test_star_import():
    names = {}
    exec("from regard.layers import *", names)
    assert set(public(keras.layers)) <= set(names)
    assert names["Dense"] is keras.layers.Dense
    assert names["Attention"] is layers.Attention


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Convolve"):
        _ = layers.Convolve


def test_an_unknown_entry_gets_the_nearest():
    with pytest.raises(UsageError, match="Nearest: pixel"):
        layer_class("pixels")

"""Maps of every registered layer, in every kind of model, new and reloaded."""

import numpy as np
import pytest

from regard import attention_maps
from regard.layers.registry import LAYERS, layer_class
from regard.maps.declared import declared
from regard.testing.case import Case, awake, image, named

import keras  # isort: skip

SHAPE = (5, 7, 8)


def layer_of(name):
    entry = LAYERS[name]
    made = Case(layer_class(name), entry.example, entry.arguments).make()
    return type(made).from_config(made.get_config() | {"name": "attention"})


def sequential(layer):
    return keras.Sequential([keras.Input(SHAPE), layer]), "attention"


def functional(layer):
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, layer(keras.layers.Activation("linear")(inputs))), "attention"


def nested(layer):
    inner = keras.Sequential([keras.Input(SHAPE), layer], name="inner")
    inputs = keras.Input(SHAPE)
    middle = keras.Model(inputs, inner(inputs), name="middle")
    return keras.Sequential([keras.Input(SHAPE), middle]), "middle/inner/attention"


BUILDS = [sequential, functional, nested]
# Each layer in one kind of model at once; in the others by the slow run.
CASES = [
    pytest.param(name, build, marks=[pytest.mark.slow] * (n % 3 != k))
    for n, name in enumerate(LAYERS)
    for k, build in enumerate(BUILDS)
]


@pytest.mark.parametrize(("name", "build"), CASES)
def test_maps_are_what_the_layer_gives(name, build, tmp_path):
    layer = awake(layer_of(name))
    model, path = build(layer)
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras")
    x = image((3, *SHAPE))
    attention = layer(keras.ops.convert_to_tensor(x), return_attention_scores=True)[1]
    want = named(attention)
    axes = {key: declaration.axes for key, declaration in declared(layer).items()}
    for each in (model, reloaded):
        maps = attention_maps(each, x)
        assert len(maps) == len(want)
        for key, values in want.items():
            one = maps[f"{path}/{key}" if isinstance(attention, dict) else path]
            assert one.axes == axes[key]
            np.testing.assert_allclose(one.values, values, rtol=1e-6, atol=1e-6)
            if one.is_drawable:
                picture = maps.to_images(layer=_path_of(maps, one))
                assert picture.shape == (3, 5, 7)
                assert np.isfinite(picture).all()


def _path_of(maps, one):
    return next(path for path, each in maps.items() if each is one)

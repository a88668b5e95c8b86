import numpy as np
import pytest

from regard.layers.attention_gate import AttentionGate
from regard.testing.case import array, awake, image

import keras  # isort: skip

SHAPES = [(2, 9, 12, 6), (2, 5, 4, 10)]


def make(data_format="channels_last", **arguments):
    return AttentionGate(data_format=data_format, **arguments)


def test_x_alone_gates_itself():
    x = image((2, 5, 7, 8))
    layer = awake(make(), x.shape)
    for alone, pair in zip(
        keras.tree.flatten(layer(x, return_attention_scores=True)),
        keras.tree.flatten(layer([x, x], return_attention_scores=True)),
        strict=True,
    ):
        np.testing.assert_array_equal(array(alone), array(pair))


def test_channels_first_takes_both_maps_so():
    maps = [image(shape) for shape in SHAPES]
    first = [np.moveaxis(each, -1, 1) for each in maps]
    layer, other = awake(make(), SHAPES), awake(make("channels_first"), [m.shape for m in first])
    want, want_maps = layer(maps, return_attention_scores=True)
    got, got_maps = other(first, return_attention_scores=True)
    np.testing.assert_allclose(np.moveaxis(array(got), 1, -1), array(want), atol=1e-5)
    for name, values in want_maps.items():
        np.testing.assert_allclose(array(got_maps[name]), array(values), atol=1e-5)


def test_two_inputs_stand_in_a_model_that_saves(tmp_path):
    inputs = [keras.Input((None, None, shape[-1])) for shape in SHAPES]
    model = keras.Model(inputs, awake(make(), SHAPES)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    maps = [image(shape) for shape in SHAPES]
    np.testing.assert_array_equal(array(loaded(maps)), array(model(maps)))


@pytest.mark.parametrize("normalization", ["sigmoid", "softmax"])
@pytest.mark.parametrize(
    ("size", "coarse"), [((9, 12), (4, 6)), ((1, 5), (1, 2)), ((1, 1), (1, 1))]
)
def test_coarse_has_the_subsampled_size(size, coarse, normalization):
    shape = (2, *size, 6)
    layer = awake(make(normalization=normalization), shape)
    output, attention = layer(image(shape), return_attention_scores=True)
    assert tuple(output.shape) == shape
    assert tuple(attention["spatial"].shape) == (2, *size)
    assert tuple(attention["coarse"].shape) == (2, *coarse)
    if normalization == "softmax":
        np.testing.assert_allclose(array(attention["coarse"]).sum((1, 2)), 1, atol=1e-5)


def test_attention_is_within_its_range():
    layer = awake(make(), SHAPES)
    for values in layer([image(s) for s in SHAPES], return_attention_scores=True)[1].values():
        assert 0 <= array(values).min() < array(values).max() <= 1


def test_features_have_half_of_the_channels():
    layer = make()
    layer.build([(None, None, None, 32), (None, None, None, 64)])
    assert layer.from_gating.units == layer.from_input.filters == 16


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"reduced_channels": 0}, "reduced_channels.*0"),
        ({"subsampling": 0}, "subsampling.*0"),
        ({"normalization": "tanh"}, "normalization.*'tanh'"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        make(**arguments)


@pytest.mark.parametrize("count", [1, 3])
def test_refuses_another_number_of_maps(count):
    with pytest.raises(ValueError, match=f"two maps.*{count}"):
        make()([image((2, 5, 7, 8))] * count)

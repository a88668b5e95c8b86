import numpy as np
import pytest

from regard.layers.sagan import SaganAttention, SaganPooledAttention

import keras  # isort: skip

BOTH = pytest.mark.parametrize("cls", [SaganAttention, SaganPooledAttention])


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def built(cls, shape, **arguments):
    layer = cls(data_format="channels_last", **arguments)
    layer.build(shape)
    return layer


def widths(layer):
    return {name: getattr(layer, name).units for name in ("query", "key", "value")}


def test_widths_are_as_in_the_paper():
    layer = built(SaganAttention, (None, None, None, 32))
    assert widths(layer) == {"query": 4, "key": 4, "value": 32}
    assert layer.query.use_bias


def test_pooled_widths_are_as_in_the_published_code():
    layer = built(SaganPooledAttention, (None, None, None, 32))
    assert widths(layer) == {"query": 4, "key": 4, "value": 16}
    assert layer.project.units == 32
    assert not layer.query.use_bias


@BOTH
def test_key_channels_stand_in_for_the_ratio(cls):
    assert built(cls, (None, 5, 7, 4), key_channels=3).query.units == 3


@BOTH
def test_starts_as_the_identity(cls):
    x = np.random.default_rng(0).normal(size=(2, 5, 7, 8)).astype("float32")
    layer = built(cls, x.shape)
    np.testing.assert_array_equal(array(layer(x)), x)


@pytest.mark.parametrize(
    ("size", "cells"), [((4, 6), 6), ((5, 7), 12), ((1, 1), 1), ((1, 6), 3)], ids=str
)
def test_pools_end_in_a_smaller_cell(size, cells):
    x = np.ones((1, *size, 8), "float32")
    layer = built(SaganPooledAttention, x.shape)
    _, attention = layer(x, return_attention_scores=True)
    assert attention.shape == (1, size[0] * size[1], cells)
    assert layer.scores_count(x.shape) == attention.shape[1] * cells


def test_a_pixel_of_the_last_cell_is_its_greatest():
    x = np.zeros((1, 3, 1, 1), "float32")
    x[0, :, 0, 0] = 1, 2, 5
    layer = built(SaganPooledAttention, x.shape, reduction_ratio=1)
    for weight, value in ((layer.gamma, 1.0), *((w, 1.0) for w in layer.weights)):
        weight.assign(np.full(weight.shape, value))
    e = np.exp(np.array([1.0, 2.0, 5.0])[:, None] * np.array([2.0, 5.0]))
    want = x[0, :, 0, 0] + e @ [2, 5] / e.sum(1)
    np.testing.assert_allclose(array(layer(x))[0, :, 0, 0], want, rtol=1e-5)


@BOTH
@pytest.mark.parametrize("wrong", [{"reduction_ratio": 0}, {"key_channels": 1.5}], ids=str)
def test_names_a_wrong_argument(cls, wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        cls(**wrong)


@pytest.mark.parametrize("wrong", [{"value_channels": 0}, {"pool_size": -2}], ids=str)
def test_names_a_wrong_argument_of_the_pooled_form(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        SaganPooledAttention(**wrong)


@BOTH
def test_refuses_fewer_channels_than_the_ratio(cls):
    with pytest.raises(ValueError, match="reduction_ratio=8 is more than the 4 channels"):
        built(cls, (None, 5, 7, 4))

import numpy as np
import pytest

from regard.layers.gather_excite import GatherExcite
from regard.testing.case import array, awake, image

import keras  # isort: skip


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_by_default_gates_with_the_mean():
    layer = GatherExcite(data_format="channels_last")
    x = image()
    output, attention = layer(x, return_attention_scores=True)
    gates = sigmoid(x.mean((1, 2)))
    np.testing.assert_allclose(array(attention), gates, rtol=1e-5)
    np.testing.assert_allclose(array(output), x * gates[:, None, None], rtol=1e-5, atol=1e-6)
    assert not layer.weights


def test_a_learned_gather_can_span_the_map():
    layer = GatherExcite(use_convolution=True, data_format="channels_last")
    x = image()
    awake(layer, x.shape)
    _, attention = layer(x, return_attention_scores=True)
    assert layer.attention_axes == ("batch", "channel")
    kernel = array(layer.convolutions[0].kernel)[..., 0]
    sums = (x * kernel).sum((1, 2)) / np.sqrt(1 + 1e-5)
    want = sigmoid(sums * array(layer.norms[0].gamma) + array(layer.norms[0].beta))
    np.testing.assert_allclose(array(attention), want, rtol=1e-4)


def test_a_gather_that_spans_the_map_needs_its_size():
    layer = GatherExcite(use_convolution=True, data_format="channels_last")
    with pytest.raises(ValueError, match="known spatial size"):
        layer(keras.Input((None, 7, 8)))


def test_windows_leave_out_what_is_beyond_the_border():
    layer = GatherExcite(extent=3, data_format="channels_last")
    x = image((2, 5, 7, 8))
    _, attention = layer(x, return_attention_scores=True)
    for i in range(5):
        for j in range(7):  # gathered at rows 0, 3 and columns 0, 3, 6
            row, column = 3 * (i * 2 // 5), 3 * (j * 3 // 7)
            window = x[:, max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
            want = sigmoid(window.mean((1, 2)))
            np.testing.assert_allclose(array(attention)[:, i, j], want, rtol=1e-5)


@pytest.mark.parametrize(("extent", "count"), [(2, 1), (4, 2), (8, 3)])
def test_each_doubling_of_the_extent_is_a_convolution(extent, count):
    layer = GatherExcite(extent, use_convolution=True, use_mlp=True, data_format="channels_last")
    layer.build((None, None, None, 64))
    assert len(layer.convolutions) == len(layer.norms) == count
    assert layer.reduce.units == 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"extent": -1}, "extent.*-1"),
        ({"extent": 2.0}, "extent.*2.0"),
        ({"extent": 1, "use_convolution": True}, "extent=1 is not a power of two"),
        ({"extent": 6, "use_convolution": True}, "extent=6 is not a power of two"),
        ({"use_convolution": 1}, "use_convolution.*1"),
        ({"use_mlp": None}, "use_mlp.*None"),
        ({"reduction_ratio": 0}, "reduction_ratio.*0"),
        ({"reduced_channels": 0}, "reduced_channels.*0"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        GatherExcite(**arguments)


def test_the_mlp_needs_as_many_channels_as_the_ratio():
    with pytest.raises(ValueError, match="reduction_ratio=16 is more than the 8 channels"):
        GatherExcite(use_mlp=True, data_format="channels_last").build((None, 5, 7, 8))

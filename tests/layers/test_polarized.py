import numpy as np
import pytest

from regard.layers.polarized import PolarizedParallel, PolarizedSequential
from regard.testing.case import array, awake, image

CLASSES = (PolarizedParallel, PolarizedSequential)


@pytest.mark.parametrize("cls", CLASSES)
def test_queries_and_values_have_half_the_channels(cls):
    layer = cls(data_format="channels_last")
    layer.build((None, None, None, 32))
    assert tuple(layer.channel_value.kernel.shape) == (32, 16)
    assert tuple(layer.spatial_query.kernel.shape) == (32, 16)


def test_the_bottleneck_is_an_eighth_of_the_channels():
    layer = PolarizedSequential(data_format="channels_last")
    layer.build((None, None, None, 32))
    assert tuple(layer.reduce.kernel.shape) == (16, 4)


def test_the_parallel_form_gates_by_the_sum_of_both():
    layer, x = awake(PolarizedParallel(data_format="channels_last")), image()
    output, attention = layer(x, return_attention_scores=True)
    channel, spatial = (array(attention[name]) for name in ("channel", "spatial"))
    want = x * (channel[:, None, None] + spatial[..., None])
    np.testing.assert_allclose(array(output), want, rtol=1e-5, atol=1e-6)


def test_the_sequential_form_gates_by_the_product():
    layer = awake(PolarizedSequential(reduction_ratio=1, data_format="channels_last"))
    x = image()
    output, attention = layer(x, return_attention_scores=True)
    channel, spatial = (array(attention[name]) for name in ("channel", "spatial"))
    want = x * channel[:, None, None] * spatial[..., None]
    np.testing.assert_allclose(array(output), want, rtol=1e-5, atol=1e-6)


def test_the_parallel_spatial_gate_spans_its_whole_range():
    layer = PolarizedParallel(data_format="channels_last")
    low, high = layer.attention_range["spatial"]
    _, attention = awake(layer)(100 * image(), return_attention_scores=True)
    spatial = array(attention["spatial"])
    np.testing.assert_allclose([spatial.min(), spatial.max()], [low, high], atol=1e-4)
    assert low <= spatial.min()
    assert spatial.max() <= high


@pytest.mark.parametrize("cls", CLASSES)
def test_sums_are_named_for_the_rank(cls):
    layer = cls(data_format="channels_last")
    layer.build((None, 3, 4, 5, 16))
    assert layer.attention_sum_axes["context"] == ("depth", "row", "column")
    assert cls.attention_sum_axes["context"] == ("row", "column")


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("argument", ["reduction_ratio", "reduced_channels"])
def test_wrong_arguments_are_named(cls, argument):
    with pytest.raises(ValueError, match=f"{argument} must be .*0"):
        cls(**{argument: 0})


def test_a_wrong_bottleneck_is_named():
    with pytest.raises(ValueError, match=r"bottleneck_ratio must be .*-1"):
        PolarizedSequential(bottleneck_ratio=-1)


@pytest.mark.parametrize("cls", CLASSES)
def test_more_reduction_than_channels_is_an_error(cls):
    layer = cls(reduction_ratio=9, data_format="channels_last")
    with pytest.raises(ValueError, match="reduction_ratio=9 is more than the 8 channels"):
        layer.build((None, 5, 7, 8))


def test_a_bottleneck_of_one_is_an_error():
    layer = PolarizedSequential(data_format="channels_last")
    with pytest.raises(ValueError, match=r"bottleneck_ratio=4 leaves 1 .*Choose at most 2"):
        layer.build((None, 5, 7, 8))

import pytest

from regard.layers.split_attention import SplitAttention
from regard.testing.case import array, image


@pytest.mark.parametrize(("channels", "hidden"), [(16, 32), (256, 128)])
def test_widths_are_those_of_the_paper(channels, hidden):
    layer = SplitAttention(data_format="channels_last")
    layer.build((None, None, None, channels))
    assert tuple(layer.convolution.kernel.shape) == (3, 3, channels // 2, 2 * channels)
    assert layer.convolution.groups == 2
    assert not layer.convolution.use_bias
    assert layer.reduce.filters == hidden
    assert layer.select.filters == 2 * channels


def test_one_map_is_gated():
    layer = SplitAttention(radix=1, data_format="channels_last")
    _, attention = layer(image(), return_attention_scores=True)
    assert tuple(attention.shape) == (2, 8)
    assert layer.attention_axes == ("batch", "channel")
    assert layer.attention_kind == "gate"
    assert not layer.attention_sum_axes


def test_filters_change_the_channels():
    layer = SplitAttention(filters=6, groups=2, data_format="channels_last")
    output, attention = layer(image(), return_attention_scores=True)
    assert not layer.keeps_shape
    assert array(output).shape == (2, 5, 7, 6)
    assert array(attention).shape == (2, 2, 6)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"filters": 0}, "filters must be .*0"),
        ({"kernel_size": 4}, "kernel_size must be odd.*4"),
        ({"radix": 0}, "radix must be .*0"),
        ({"groups": 0}, "groups must be .*0"),
        ({"reduction_ratio": 0}, "reduction_ratio must be .*0"),
        ({"least_channels": 0}, "least_channels must be .*0"),
        ({"reduced_channels": "8"}, "reduced_channels must be .*'8'"),
        ({"use_bias": 0}, "use_bias must be .*0"),
    ],
)
def test_wrong_arguments_are_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        SplitAttention(**arguments)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"radix": 3}, r"groups \* radix=3 does not divide the 8 channels"),
        ({"groups": 4, "filters": 6}, "groups=4 does not divide the 6 filters"),
        ({"groups": 2, "reduced_channels": 5}, "groups=2 does not divide the 5 reduced_channels"),
    ],
)
def test_channels_that_do_not_divide_are_an_error(arguments, named):
    layer = SplitAttention(data_format="channels_last", **arguments)
    with pytest.raises(ValueError, match=named):
        layer.build((None, 5, 7, 8))

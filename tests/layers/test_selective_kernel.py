import numpy as np
import pytest

from regard.layers.selective_kernel import SelectiveKernel
from regard.testing.case import array, awake, image


@pytest.mark.parametrize(("channels", "hidden"), [(32, 32), (1024, 64)])
def test_widths_are_those_of_the_paper(channels, hidden):
    layer = SelectiveKernel(data_format="channels_last")
    layer.build((None, None, None, channels))
    assert layer.groups == 32
    assert layer.reduce.units == hidden
    assert layer.select.units == 2 * channels
    assert [layer.kernel_size for layer in layer.convolutions] == [(3, 3), (3, 3)]
    assert [layer.dilation_rate for layer in layer.convolutions] == [(1, 1), (2, 2)]


def test_larger_kernels_can_be_dense():
    layer = SelectiveKernel((1, 3, 7), False, groups=1, data_format="channels_last")
    layer.build((None, None, None, 6))
    assert [layer.kernel_size for layer in layer.convolutions] == [(1, 1), (3, 3), (7, 7)]


def test_spread_kernels_reach_as_far_as_dense_ones():
    layer = SelectiveKernel((3, 7), groups=1, data_format="channels_last")
    layer.build((None, None, None, 6))
    assert layer.convolutions[1].dilation_rate == (3, 3)
    assert layer.convolutions[1].kernel_size == (3, 3)


def test_a_branch_sees_its_part_of_a_split_input():
    layer = awake(SelectiveKernel(groups=1, split_input=True, data_format="channels_last"))
    layer.select.kernel.assign(np.zeros(layer.select.kernel.shape))
    x = image()
    changed = x.copy()
    changed[..., 4:] += 1
    layer.convolutions[1].kernel.assign(np.zeros(layer.convolutions[1].kernel.shape))
    np.testing.assert_array_equal(array(layer(x)), array(layer(changed)))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"kernel_sizes": 3}, "kernel_sizes must be two or more odd integers, not 3"),
        ({"kernel_sizes": [3]}, r"kernel_sizes must be two or more odd integers, not \[3\]"),
        ({"kernel_sizes": [3, 4]}, "each of kernel_sizes must be odd.*4"),
        ({"use_dilation": 1}, "use_dilation must be .*1"),
        ({"groups": 0}, "groups must be .*0"),
        ({"reduction_ratio": 0}, "reduction_ratio must be .*0"),
        ({"least_channels": 0}, "least_channels must be .*0"),
        ({"reduced_channels": 1.5}, "reduced_channels must be .*1.5"),
        ({"split_input": None}, "split_input must be .*None"),
    ],
)
def test_wrong_arguments_are_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        SelectiveKernel(**arguments)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "groups=32 does not divide the 8 channels"),
        ({"groups": 8, "split_input": True}, "groups=8 does not divide the 4 channels"),
        ({"kernel_sizes": (3, 5, 7), "split_input": True}, "kernel_sizes=3 does not divide the 8"),
    ],
)
def test_channels_that_do_not_divide_are_an_error(arguments, named):
    layer = SelectiveKernel(data_format="channels_last", **arguments)
    with pytest.raises(ValueError, match=named):
        layer.build((None, 5, 7, 8))

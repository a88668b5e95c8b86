import numpy as np
import pytest

from regard.layers.large_kernel_attention import LargeKernelAttention, VisualAttention
from regard.testing.case import array, awake, image

CLASSES = (LargeKernelAttention, VisualAttention)


@pytest.mark.parametrize("cls", CLASSES)
def test_reaches_21_pixels_as_in_the_paper(cls):
    layer = cls(data_format="channels_last")
    layer.build((None, None, None, 8))
    assert tuple(layer.local.kernel.shape) == (5, 5, 8, 1)
    assert tuple(layer.dilated.kernel.shape) == (7, 7, 8, 1)
    assert layer.dilated.dilation_rate == (3, 3)


def test_a_pixel_sees_as_far_as_the_kernel_size_says():
    layer = LargeKernelAttention(15, 3, data_format="channels_last")
    awake(layer, (1, 1, 31, 2))
    x = image((1, 1, 31, 2))
    changed = x.copy()
    changed[0, 0, 15] += 1
    attentions = [array(layer(v, return_attention_scores=True)[1]) for v in (x, changed)]
    reached = np.flatnonzero(np.abs(attentions[0] - attentions[1]).max(-1))
    assert reached.min() == 15 - 8
    assert reached.max() == 15 + 8  # 2 (local) + 2 * 3 (dilated)


@pytest.mark.parametrize("cls", CLASSES)
def test_is_finite_in_float16_where_the_square_is_not(cls):
    layer = cls(data_format="channels_last", dtype="mixed_float16")
    output = array(awake(layer)(1000 * image()))
    assert np.isfinite(output).all()
    assert np.abs(output).max() == 65504


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"kernel_size": 2}, "kernel_size must be an integer of at least 3, not 2"),
        ({"dilation_rate": 0}, "dilation_rate must be .*0"),
        ({"kernel_size": 16}, "kernel_size=16 with dilation_rate=3 .* Choose kernel_size=21"),
    ],
)
@pytest.mark.parametrize("cls", CLASSES)
def test_wrong_arguments_are_named(cls, arguments, named):
    with pytest.raises(ValueError, match=named):
        cls(**arguments)


def test_takes_no_video():
    layer = LargeKernelAttention(data_format="channels_last")
    with pytest.raises(ValueError, match="rank 3 or 4"):
        layer.build((None, 4, 4, 4, 8))

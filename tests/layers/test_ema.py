import numpy as np
import pytest

from regard.layers.ema import EfficientMultiScaleAttention
from regard.testing.case import array, awake, image


def test_by_default_there_are_32_groups():
    layer = EfficientMultiScaleAttention(data_format="channels_last")
    layer.build((None, None, None, 64))
    assert tuple(layer.mix.kernel.shape) == (2, 2)
    assert tuple(layer.local.kernel.shape) == (3, 3, 2, 2)


def test_a_group_has_one_gate_and_does_not_see_the_others():
    layer, x = awake(EfficientMultiScaleAttention(4, data_format="channels_last")), image()
    changed = x.copy()
    changed[..., :2] += image((2, 5, 7, 2), seed=5)
    output, attention = layer(x, return_attention_scores=True)
    gates = np.moveaxis(array(attention["spatial"]), 1, -1).repeat(2, axis=-1)
    np.testing.assert_allclose(array(output), gates * x, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(array(layer(changed))[..., 2:], array(output)[..., 2:], rtol=1e-5)


def test_weights_of_the_local_branch_are_the_same_for_every_image():
    layer = awake(EfficientMultiScaleAttention(2, data_format="channels_last"))
    _, attention = layer(image(), return_attention_scores=True)
    offset = np.exp(array(layer.norm.beta))
    want = np.broadcast_to(offset / offset.sum(), (2, 2, 4))
    np.testing.assert_allclose(array(attention["cross_1"]), want, rtol=1e-5)


@pytest.mark.parametrize("groups", [0, 2.0, None])
def test_a_wrong_argument_is_named(groups):
    with pytest.raises(ValueError, match=f"groups must be an integer .*{groups}"):
        EfficientMultiScaleAttention(groups)


def test_channels_that_do_not_divide_are_an_error():
    layer = EfficientMultiScaleAttention(3, data_format="channels_last")
    with pytest.raises(ValueError, match="groups=3 does not divide the 8 channels"):
        layer.build((None, 5, 7, 8))

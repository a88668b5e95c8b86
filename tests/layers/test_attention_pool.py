import numpy as np
import pytest

from regard.layers.attention_pool import AttentionPooling
from regard.testing.case import array, awake, image


def make(**arguments):
    return AttentionPooling(data_format="channels_last", **arguments)


@pytest.mark.parametrize(("channels", "heads"), [(32, 1), (128, 2), (130, 2)])
def test_a_head_has_64_channels(channels, heads):
    layer = make()
    x = np.ones((1, 2, 3, channels), "float32")
    output, attention = layer(x, return_attention_scores=True)
    assert tuple(output.shape) == (1, channels)
    assert tuple(attention.shape) == (1, heads, 7)


def test_the_first_token_is_the_mean():
    layer = awake(make(heads=2))
    layer.position.assign(np.zeros(layer.position.shape))
    alike = np.broadcast_to(image((2, 1, 1, 8)), (2, 5, 7, 8))
    attention = array(layer(alike, return_attention_scores=True)[1])
    np.testing.assert_allclose(attention, 1 / 36, rtol=1e-5)


def test_refuses_another_size():
    with pytest.raises(ValueError, match="known spatial size"):
        make().build((None, None, 7, 8))


@pytest.mark.parametrize("name", ["heads", "output_channels"])
def test_names_what_is_wrong(name):
    with pytest.raises(ValueError, match=f"{name}.*0"):
        make(**{name: 0})


def test_refuses_heads_that_do_not_divide_the_channels():
    with pytest.raises(ValueError, match=r"heads=3.*8 channels"):
        make(heads=3).build((2, 5, 7, 8))

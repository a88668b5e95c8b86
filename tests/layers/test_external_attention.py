import numpy as np
import pytest

from regard.layers.external_attention import ExternalAttention
from regard.testing.case import array, awake, image


def make(**arguments):
    return ExternalAttention(data_format="channels_last", **arguments)


def test_the_memory_has_64_slots():
    layer = make()
    layer.build((None, None, None, 8))
    assert layer.key_memory.units == 64


def test_normalizes_over_pixels_then_over_slots():
    maps = awake(make(slots=5))(image(), return_attention_scores=True)[1]
    over_pixels, attention = array(maps["softmax"]), array(maps["attention"])
    np.testing.assert_allclose(over_pixels.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-5)
    want = over_pixels / over_pixels.sum(1, keepdims=True)
    np.testing.assert_allclose(attention, want.swapaxes(1, 2), atol=1e-5)


def test_output_is_not_negative():
    assert array(awake(make())(image())).min() == 0


def test_names_what_is_wrong():
    with pytest.raises(ValueError, match=r"slots.*0"):
        make(slots=0)

import numpy as np
import pytest

from regard.layers.efficient_attention import EfficientAttention
from regard.testing.case import array, awake, image


def make(**arguments):
    return EfficientAttention(data_format="channels_last", **arguments)


def test_widths():
    layer = make()
    layer.build((None, None, None, 32))
    assert [layer.query.units, layer.key.units, layer.value.units] == [16, 16, 32]


def test_both_maps_make_an_attention_among_the_pixels():
    layer = awake(make(heads=2, key_channels=6))
    maps = layer(image(), return_attention_scores=True)[1]
    among = array(maps["query"]) @ array(maps["key"])
    assert among.shape == (2, 2, 35, 35)
    np.testing.assert_allclose(among.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["heads", "key_channels", "value_channels"])
def test_names_what_is_wrong(name):
    with pytest.raises(ValueError, match=f"{name}.*0"):
        make(**{name: 0})


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"heads": 3}, "heads=3.*4 channels of the keys"),
        ({"heads": 3, "key_channels": 6}, "heads=3.*8 channels of the values"),
    ],
)
def test_refuses_heads_that_do_not_divide(arguments, named):
    with pytest.raises(ValueError, match=named):
        make(**arguments).build((2, 5, 7, 8))

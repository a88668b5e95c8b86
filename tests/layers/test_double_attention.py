import numpy as np
import pytest

from regard.layers.double_attention import DoubleAttention
from regard.testing.case import array, awake, image


def make(**arguments):
    return DoubleAttention(data_format="channels_last", **arguments)


def test_widths_are_a_quarter_of_the_channels():
    layer = make()
    layer.build((None, None, None, 32))
    assert [layer.query.units, layer.key.units, layer.value.units] == [8, 8, 8]


def test_residual_adds_the_map():
    x = image()
    plain, added = awake(make()), awake(make(residual=True))
    np.testing.assert_allclose(array(added(x)), x + array(plain(x)), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"value_channels": 0}, "value_channels.*0"),
        ({"descriptors": 1.5}, "descriptors.*1.5"),
        ({"residual": 1}, "residual.*1"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        make(**arguments)

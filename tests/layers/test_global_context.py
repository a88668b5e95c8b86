import numpy as np
import pytest

from regard.layers.global_context import GlobalContext
from regard.testing.case import array, awake, image


def make(**arguments):
    return GlobalContext(**({"reduction_ratio": 4, "data_format": "channels_last"} | arguments))


@pytest.mark.parametrize(
    ("arguments", "maps"),
    [
        ({}, {"context"}),
        ({"fusion": "multiply"}, {"context", "channel"}),
        ({"fusion": "both", "pooling": "average"}, {"channel"}),
    ],
)
def test_returns_the_maps_that_it_declares(arguments, maps):
    layer = awake(make(**arguments))
    attention = layer(image(), return_attention_scores=True)[1]
    assert set(attention) == set(layer.attention_axes) == set(layer.attention_kind) == maps
    if "context" in maps:
        assert attention["context"].shape == (2, 5, 7)
        np.testing.assert_allclose(array(attention["context"]).sum((1, 2)), 1, atol=1e-5)


@pytest.mark.parametrize(("fusion", "factor"), [("add", 1), ("multiply", 0.5), ("both", 0.5)])
def test_starts_as_the_identity_or_half(fusion, factor):
    layer = make(fusion=fusion)
    np.testing.assert_array_equal(array(layer(image())), factor * image())
    assert layer.starts_as_identity == (factor == 1)


def test_hidden_units_are_a_sixteenth():
    layer = GlobalContext(data_format="channels_last")
    layer.build((None, None, None, 64))
    assert layer.add[0].units == 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"reduction_ratio": 0}, "reduction_ratio.*0"),
        ({"reduced_channels": 0}, "reduced_channels.*0"),
        ({"pooling": "max"}, "pooling.*'max'"),
        ({"fusion": "concat"}, "fusion.*'concat'"),
        ({"pooling": "average"}, "pooling='average' with fusion='add'"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        make(**arguments)


def test_refuses_a_ratio_above_the_channels():
    with pytest.raises(ValueError, match=r"reduction_ratio=16.*8 channels"):
        make(reduction_ratio=16).build((2, 5, 7, 8))

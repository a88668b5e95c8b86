import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import UsageError
from regard.layers.registry import LAYERS
from regard.studies.design import parse_design


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_every_layer_is_a_design(layer):
    design = parse_design(layer)
    assert (design.layer, design.arguments, design.name) == (layer, {}, layer)


def test_values_are_numbers_truths_and_words():
    design = parse_design("pixel:units=32, use_scale=True,score_mode=dot,dropout=0.1,seed=None")
    assert design.arguments == {
        "units": 32,
        "use_scale": True,
        "score_mode": "dot",
        "dropout": 0.1,
        "seed": None,
    }


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_a_number_comes_back(value):
    assert parse_design(f"pixel:units={value!r}").arguments["units"] == value


def test_the_order_of_arguments_makes_no_other_design():
    one, other = (
        parse_design("pixel:units=4,dropout=0.1"),
        parse_design("pixel:dropout=0.1,units=4"),
    )
    assert one.key == other.key != parse_design("pixel:units=4").key


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cbma", "Nearest: cbam"),
        ("pixel:32", "no name=value"),
        ("none:units=3", "takes no arguments"),
        ("", "No attention layer"),
    ],
)
def test_what_cannot_be_right(text, told):
    with pytest.raises(UsageError, match=told):
        parse_design(text)

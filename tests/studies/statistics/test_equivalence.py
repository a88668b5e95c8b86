import pytest

from regard.studies.statistics import is_negligible


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((-0.004, 0.004), True),
        ((0.001, 0.004), True),
        ((-0.005, 0.004), False),
        ((-0.004, 0.005), False),
        ((-0.006, 0.004), False),
        ((0.006, 0.007), False),
        ((-0.007, -0.006), False),
    ],
)
def test_all_of_it_must_be_within(interval, expected):
    assert is_negligible(interval, worth=0.005) is expected


def test_if_anything_is_worth_having_nothing_is_negligible():
    assert not is_negligible((0.0, 0.0), worth=0)

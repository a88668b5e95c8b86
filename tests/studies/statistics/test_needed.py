import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.studies.statistics import MOST_SEEDS, SpendingLooks, needed_seeds, t_interval


def always(seeds):
    return 0.05


def decides(mean, spread, seeds, worth, level=0.05):
    low, high = t_interval(abs(mean), spread, seeds, level)
    return low >= 0 or (low > -worth and high < worth)


@given(st.floats(-0.02, 0.02), st.floats(1e-4, 0.01), st.integers(2, 20), st.floats(0, 0.02))
def test_the_first_that_decides(mean, spread, seeds, worth):
    needed = needed_seeds(mean, spread, seeds, worth, always)
    assert max(5, seeds + 1) <= needed <= MOST_SEEDS
    tried = range(max(5, seeds + 1), min(needed, 40))
    assert not any(decides(mean, spread, number, worth) for number in tried)
    if needed < MOST_SEEDS:
        assert decides(mean, spread, needed, worth)


def test_no_number_decides_at_the_edge_of_worth():
    """The difference found is none at all, and any difference is worth having."""
    assert needed_seeds(0.0, 0.003, 5, 0.0, always) == MOST_SEEDS


def test_holm_asks_for_more():
    one = needed_seeds(0.002, 0.003, 5, 0.001, always)
    assert needed_seeds(0.002, 0.003, 5, 0.001, always, tests=3) > one


def test_looks_ask_for_more():
    one = needed_seeds(0.003, 0.003, 5, 0.001, always)
    looks = SpendingLooks(0.05, seeds=20)
    assert one < needed_seeds(0.003, 0.003, 5, 0.001, looks.level_at) <= 20


@pytest.mark.parametrize("mean", [0.002, -0.002])
def test_either_sign(mean):
    assert needed_seeds(mean, 0.003, 5, 0.0, always) == 12

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.studies.statistics import improvement, improvement_interval

SCORES = st.lists(st.integers(0, 20), min_size=1, max_size=8)


@given(SCORES, SCORES)
def test_counts_pairs_and_half_of_ties(scores, others):
    won = sum((a > b) + (a == b) / 2 for a in scores for b in others)
    assert improvement(scores, others) == pytest.approx(won / len(scores) / len(others))


@given(SCORES, SCORES)
def test_of_the_other_it_is_the_rest(scores, others):
    assert improvement(scores, others) + improvement(others, scores) == pytest.approx(1)


def interval_of(scores, others, level=0.05, seed=0):
    return improvement_interval(scores, others, level, np.random.default_rng(seed))


def test_interval_holds_the_probability_and_narrows():
    rng = np.random.default_rng(0)
    widths = []
    for seeds in (10, 40):
        scores, others = rng.normal(0.3, 1, seeds), rng.normal(0, 1, seeds)
        low, high = interval_of(scores, others)
        assert low < improvement(scores, others) < high
        widths.append(high - low)
    assert widths[1] < 0.7 * widths[0]


def test_seeds_are_resampled_in_pairs():
    """Each seed's two scores move together: to resample them apart would tell of more chance."""
    scores = np.arange(20.0)
    low, high = interval_of(scores + 0.5, scores)
    assert high - low < 0.2


def test_a_seed_repeats():
    scores, others = np.random.default_rng(1).normal(size=(2, 9))
    assert interval_of(scores, others, seed=3) == interval_of(scores, others, seed=3)


def test_one_seed_tells_nothing():
    assert interval_of([0.9], [0.8]) == (0, 1)

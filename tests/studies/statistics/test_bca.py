import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.studies.statistics import bca_interval


def interval_of(differences, level=0.05, seed=0):
    return bca_interval(differences, level, np.random.default_rng(seed))


def test_none_where_there_is_no_spread():
    in_the_last_bits = [right / 10_000 - (right - 100) / 10_000 for right in (9001, 9113, 5003)]
    assert np.ptp(in_the_last_bits) > 0
    assert interval_of(in_the_last_bits) is None
    assert interval_of([0.0] * 5) is None


def test_none_of_fewer_than_two():
    assert interval_of([]) is None
    assert interval_of([0.01]) is None


def test_a_seed_repeats():
    differences = np.random.default_rng(1).normal(size=9)
    assert interval_of(differences, seed=3) == interval_of(differences, seed=3)
    assert interval_of(differences, seed=3) != interval_of(differences, seed=4)


def test_a_stricter_level_is_wider():
    differences = np.random.default_rng(1).normal(size=9)
    (low, high), (lower, higher) = interval_of(differences, 0.2), interval_of(differences, 0.02)
    assert lower < low < high < higher


def test_leans_to_the_long_tail():
    """Of a skewed sample the interval reaches further to the side of the tail."""
    differences = np.random.default_rng(0).exponential(size=15)
    low, high = interval_of(differences)
    assert high - differences.mean() > 1.2 * (differences.mean() - low)


@settings(max_examples=20)
@given(st.lists(st.integers(-200, 200), min_size=2, max_size=12).filter(lambda d: len(set(d)) > 1))
def test_within_the_differences(counts):
    low, high = interval_of(np.array(counts) / 10_000)
    assert min(counts) / 10_000 - 1e-9 <= low <= high <= max(counts) / 10_000 + 1e-9


def test_covers_nearly_as_often_as_it_says():
    """Of 20 seeds; docs/statistics.md has fewer."""
    studies = np.random.default_rng(0).normal(size=(100, 20))
    covered = [low < 0 < high for low, high in map(interval_of, studies)]
    assert np.mean(covered) == pytest.approx(0.93, abs=0.055)

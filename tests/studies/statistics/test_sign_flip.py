import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from regard.studies.statistics import sign_flip_p


def p_of(differences, seed=0):
    return sign_flip_p(differences, np.random.default_rng(seed))


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=8))
def test_counts_all_flips(counts):
    """Integers, so that ties are exact; as accuracies their sums differ in the last bits."""
    sums = [np.dot(signs, counts) for signs in itertools.product((-1, 1), repeat=len(counts))]
    expected = np.mean(np.abs(sums) >= abs(sum(counts)))
    assert p_of(np.array(counts) / 10_000) == expected


@pytest.mark.parametrize("positive", [14, 17, 20])
def test_of_twenty_equal_sizes_it_is_the_sign_test(positive):
    differences = [0.003] * positive + [-0.003] * (20 - positive)
    assert p_of(differences) == pytest.approx(binomtest(positive, 20).pvalue, rel=1e-9)


@pytest.mark.parametrize("positive", [14, 17])
def test_of_more_it_is_near_the_sign_test(positive):
    differences = [0.003] * positive + [-0.003] * (24 - positive)
    assert p_of(differences) == pytest.approx(binomtest(positive, 24).pvalue, abs=0.006)


def test_random_flips_never_give_none():
    """Of 30 equal differences no random flip is as extreme: the one found is counted."""
    assert p_of([0.003] * 30) == pytest.approx(1 / 100_001)


def test_a_seed_repeats():
    differences = np.random.default_rng(1).normal(0.3, 1, 25)
    assert p_of(differences, seed=3) == p_of(differences, seed=3)
    assert p_of(differences, seed=3) != p_of(differences, seed=4)


def test_nothing_is_found_without_differences():
    assert p_of([]) == p_of([0.01]) == p_of([0.0] * 6) == 1

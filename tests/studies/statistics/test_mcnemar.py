import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.studies.statistics import mcnemar_p


def p_of(only_here, only_there, both=0):
    here = [True] * only_here + [False] * only_there + [True] * both
    there = [False] * only_here + [True] * only_there + [True] * both
    return mcnemar_p(here, there)


def test_the_example_of_fagerland():
    """7 and 1 of 21 children, doi:10.1186/1471-2288-13-91, table 1."""
    assert p_of(1, 7, both=13) == pytest.approx(10 / 256)


def test_as_many_on_both_sides():
    """1 less half the probability of that outcome, as Fagerland et al. define it."""
    assert p_of(1, 1) == pytest.approx(1 - 0.5 / 2)
    assert p_of(2, 2) == pytest.approx(1 - 6 / 16 / 2)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_two_sided_and_blind_to_what_both_get_right(here, there, both):
    assert p_of(here, there, both) == p_of(there, here)
    assert 0 <= p_of(here, there) <= 1


def test_no_image_differs():
    assert p_of(0, 0, both=5) == 1
    assert mcnemar_p([], []) == 1


def test_takes_the_arrays_of_a_score():
    correct = np.array([1, 1, 1, 0], np.uint8)
    assert mcnemar_p(correct, np.zeros(4, np.uint8)) == pytest.approx(1 / 8)

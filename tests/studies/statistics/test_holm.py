import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.studies.statistics import holm

P = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@given(P, st.floats(0.001, 0.2))
def test_step_by_step(p, level):
    """The procedure itself: go up from the smallest until one is above its share of the level."""
    found = set()
    for step, index in enumerate(np.argsort(p)):
        if p[index] * (len(p) - step) > level:
            break
        found.add(int(index))
    assert set(np.flatnonzero(holm(p) <= level).tolist()) == found


@given(P)
def test_never_smaller_and_at_most_the_number_of_tests_larger(p):
    adjusted = holm(p)
    assert np.all(adjusted >= p)
    assert np.all(adjusted <= np.minimum(np.array(p) * len(p), 1))


def test_order_is_kept():
    assert holm([0.5, 0.01, 0.02]) == pytest.approx([0.5, 0.03, 0.04])


def test_no_tests():
    assert holm([]).shape == (0,)

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from regard.studies.statistics import OneLook, SpendingLooks, nominal_levels


def test_one_look_changes_nothing():
    assert OneLook(0.05).level_at(9) == 0.05
    assert OneLook(0.05).adjusted(0.03, 9) == 0.03


def test_levels_are_those_of_the_looks():
    looks = SpendingLooks(0.05, seeds=8)
    expected = nominal_levels((5, 6, 7, 8), 8, 0.05)
    assert tuple(looks.level_at(seeds) for seeds in (5, 6, 7, 8)) == expected


def test_before_the_first_look_and_after_the_last():
    looks = SpendingLooks(0.05, seeds=8)
    assert looks.level_at(3) == looks.level_at(5)
    assert looks.level_at(9) == 0.05


@pytest.mark.parametrize("seeds", [1, 2, 4, 5])
def test_of_few_seeds_there_is_one_look(seeds):
    looks = SpendingLooks(0.05, seeds)
    assert looks.level_at(seeds) == pytest.approx(0.05)
    assert looks.adjusted(0.03, seeds) == pytest.approx(0.03)


@settings(max_examples=25, deadline=None)
@given(st.floats(1e-6, 0.9), st.integers(5, 12), st.sampled_from([0.01, 0.05, 0.2]))
def test_adjusted_is_below_the_level_exactly_if_p_is_below_the_looks(p, seeds, level):
    looks = SpendingLooks(level, seeds=12)
    assume(abs(p / looks.level_at(seeds) - 1) > 1e-6)
    assert (looks.adjusted(p, seeds) < level) == (p < looks.level_at(seeds))


def test_adjusted_grows_with_p():
    looks = SpendingLooks(0.05, seeds=12)
    found = [looks.adjusted(p, 7) for p in np.geomspace(1e-14, 1, 12)]
    assert np.all(np.diff(found) >= 0)
    assert found[0] < 1e-3 and found[-1] == 1
    assert looks.adjusted(0.0, 12) == 1e-9

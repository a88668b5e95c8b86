import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from regard.studies.statistics import nominal_levels, spent, t_p

STUDIES = 60_000


def share_that_crosses(numbers, levels, studies=STUDIES):
    """By simulation of t tests, at each look or before."""
    apart = np.random.default_rng(0).normal(size=(studies, numbers[-1]))
    at = np.array(numbers)
    sums, squares = (np.cumsum(apart**power, axis=1)[:, at - 1] for power in (1, 2))
    spreads = np.sqrt((squares - sums**2 / at) / (at - 1))
    crossed = t_p(sums / at, spreads, at) <= levels
    return np.logical_or.accumulate(crossed, axis=1).mean(axis=0)


@pytest.mark.parametrize(
    ("numbers", "level"),
    [((5, 6, 7, 8, 9, 10), 0.05), ((5, 6), 0.3), ((5, 8, 9), 0.1), (tuple(range(5, 13)), 0.01)],
)
def test_what_crosses_is_what_may_be_spent(numbers, level):
    found = share_that_crosses(numbers, nominal_levels(numbers, numbers[-1], level))
    expected = spent(np.array(numbers) / numbers[-1], level)
    errors = np.sqrt(expected * (1 - expected) / STUDIES)
    assert np.all(np.abs(found - expected) < 4 * errors)


def test_published_bounds():
    """Those of z tests (Reboussin et al., 2000, doi:10.1016/s0197-2456(00)00057-x), of many."""
    levels = np.array(nominal_levels((40, 80, 120, 160, 200), 200, 0.05))
    bounds = norm.isf(levels / 2)
    assert bounds == pytest.approx([4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=0.003)


def test_one_look_has_it_all():
    assert nominal_levels((4,), 4, 0.03) == pytest.approx((0.03,))


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(5, 25), min_size=1, max_size=6), st.floats(0.001, 0.5))
def test_levels_lie_between_what_is_new_and_what_is_spent(numbers, level):
    """A look's level is at least its own share, and at most all that was spent up to it."""
    numbers = tuple(sorted(numbers))
    total = spent(np.array(numbers) / 25, level)
    found = np.array(nominal_levels(numbers, 25, level))
    assert np.all(found >= np.diff(total, prepend=0) - 1e-10)
    assert np.all(found <= total + 1e-10)


@pytest.mark.parametrize("planned", [6, 20, 40])
def test_a_higher_level_is_higher_at_each_look(planned):
    """What the adjusted p values of `SpendingLooks` rest on."""
    numbers = tuple(range(5, planned + 1))
    tried = (1e-9, 1e-4, 0.01, 0.05, 0.3, 0.9, 0.999)
    levels = [nominal_levels(numbers, planned, level) for level in tried]
    assert np.all(np.diff(levels, axis=0) > 0)


def test_finer_integration_changes_nothing(monkeypatch):
    numbers = tuple(range(5, 21))
    coarse = nominal_levels(numbers, 20, 0.05)
    points = nominal_levels.__wrapped__.__globals__["_points"]
    monkeypatch.setitem(
        nominal_levels.__wrapped__.__globals__, "_points", lambda number: 2 * points(number)
    )
    assert nominal_levels.__wrapped__(numbers, 20, 0.05) == pytest.approx(coarse, rel=1e-9)


def test_many_looks_stay_finite():
    levels = nominal_levels(tuple(range(5, 101)), 100, 0.05)
    assert 0 < min(levels) < 1e-20 and levels[-1] == max(levels) < 0.05

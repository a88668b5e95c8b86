import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from regard.studies.statistics import t_interval, t_p

SHAPES = st.tuples(st.floats(-0.1, 0.1), st.floats(1e-5, 0.05), st.integers(2, 40))
LEVELS = st.floats(1e-6, 0.5)


def test_equals_scipy_on_pairs():
    here, there = np.random.default_rng(0).normal(0.9, 0.01, (2, 8))
    scipys = ttest_rel(here, there)
    differences = here - there
    shape = differences.mean(), differences.std(ddof=1), 8
    assert t_p(*shape) == pytest.approx(scipys.pvalue)
    assert t_interval(*shape, 0.1) == pytest.approx(tuple(scipys.confidence_interval(0.9)))


@given(SHAPES, LEVELS)
def test_interval_leaves_out_zero_exactly_if_the_test_finds_something(shape, level):
    low, high = t_interval(*shape, level)
    p = t_p(*shape)
    if abs(p - level) > 1e-9:
        assert (low > 0 or high < 0) == (p < level)


@given(SHAPES, LEVELS)
def test_the_other_way_round_is_the_mirror(shape, level):
    mean, *rest = shape
    low, high = t_interval(*shape, level)
    assert t_interval(-mean, *rest, level) == pytest.approx((-high, -low))
    assert t_p(-mean, *rest) == t_p(*shape)


def test_arrays_give_arrays():
    means = np.array([0.001, 0.002])
    assert t_p(means, 0.003, 5).tolist() == [t_p(mean, 0.003, 5) for mean in means]

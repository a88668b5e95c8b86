import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.studies.statistics import spread

COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=20)


@given(COUNTS)
def test_standard_deviation_unless_below_rounding(counts):
    usual = np.std(np.array(counts) / 1000, ddof=1)
    rounding = 1 / (1000 * np.sqrt(6))
    assert spread(np.array(counts) / 1000, images=1000) == pytest.approx(max(usual, rounding))


def test_rounding_is_that_of_two_counts():
    """The variance of a difference of two uniform errors of at most half an image."""
    errors = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 100_000))
    assert spread([0.0, 0.0], images=1) == pytest.approx(np.std(errors[0] - errors[1]), rel=0.01)

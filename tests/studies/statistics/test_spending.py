import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.studies.statistics import spent


@given(st.floats(1e-9, 0.99), st.floats(0.001, 1), st.floats(0.001, 1))
def test_rises_to_the_level(level, one, other):
    early, late = sorted([one, other])
    before, after, end = spent(np.array([early, late, 1.0]), level)
    assert 0 <= before <= after <= end == pytest.approx(level)


def test_early_looks_may_spend_next_to_nothing():
    assert spent(np.array([0.25]), 0.05)[0] == pytest.approx(1.47e-5, rel=0.01)

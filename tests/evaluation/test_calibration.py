import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.evaluation import reliability


def test_by_hand():
    """Two images of 0.6 and 0.8 with one right, two of 0.9 and 1.0 both right, in bins of 0.2."""
    top = np.array([0.6, 0.8, 0.9, 1.0])
    result = reliability(np.stack([top, 1 - top], axis=1), [1, 0, 0, 0], bins=5)
    assert result.count.tolist() == [0, 0, 1, 1, 2]
    assert result.accuracy[2:].tolist() == [0, 1, 1]
    assert result.confidence[2:] == pytest.approx([0.6, 0.8, 0.95])
    assert result.ece == pytest.approx((0.6 + 0.2 + 2 * 0.05) / 4)
    assert np.isnan(result.accuracy[:2]).all()


def test_certain_and_right_is_calibrated():
    assert reliability(np.eye(3), [0, 1, 2]).ece == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1), st.integers(1, 30))
def test_ece_is_a_fraction_and_bins_hold_all(pairs, bins):
    first, labels = np.transpose(pairs)
    result = reliability(np.stack([first, 1 - first], axis=1), labels, bins)
    assert 0 <= result.ece <= 1
    assert result.count.sum() == len(pairs)

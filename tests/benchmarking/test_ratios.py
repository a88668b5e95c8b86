import numpy as np
import pytest

from regard.benchmarking.ratios import greatest_difference, ratios, spread


def test_spread_is_the_median_and_two_quantiles():
    found = spread([10, 0, 5, 1, 2, 3, 4, 6, 7, 8, 9])
    assert found == {"median": 5, "low": 1, "high": 9}


def test_ratios_are_taken_turn_by_turn():
    found = ratios({"stock": [2, 12, 8], "regard": [1, 4, 2], "jax": [1, 2, 1]})
    assert set(found) == {"stock", "jax"}
    assert found["stock"]["pairs"] == [2, 3, 4]
    assert found["stock"]["median"] == 3
    assert found["stock"]["low"] == pytest.approx(2.2)
    assert found["jax"]["pairs"] == [1, 0.5, 0.5]


def test_greatest_difference_names_its_step():
    found = greatest_difference([1.0, 2.5, 3.0], [1.0, 2.0, 3.1])
    assert found == {"difference": 0.5, "step": 2}


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_differs_most(wrong):
    found = greatest_difference([1.0, wrong, 3.0], [0.0, 2.0, 3.0])
    assert found == {"difference": np.inf, "step": 2}

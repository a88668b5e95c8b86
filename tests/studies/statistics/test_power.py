import numpy as np
import pytest
from scipy.stats import t

from regard.studies.statistics import minimum_detectable


@pytest.mark.parametrize(("seeds", "level"), [(2, 0.05), (3, 0.001), (5, 0.05), (20, 0.3)])
def test_is_found_in_four_of_five_studies(seeds, level):
    rng = np.random.default_rng(0)
    spread = 0.003
    differences = rng.normal(minimum_detectable(spread, seeds, level), spread, (100_000, seeds))
    statistics = differences.mean(axis=1) / differences.std(axis=1, ddof=1) * np.sqrt(seeds)
    found = np.mean(np.abs(statistics) > t.isf(level / 2, seeds - 1))
    assert found == pytest.approx(0.8, abs=0.005)


def test_unit_is_that_of_the_spread():
    one, two = (minimum_detectable(spread, 7, 0.05) for spread in (0.003, 0.006))
    assert two == pytest.approx(2 * one)


def test_more_seeds_find_less():
    found = [minimum_detectable(0.003, seeds, 0.05) for seeds in range(2, 30)]
    assert np.all(np.diff(found) < 0)


def test_finite_at_the_level_of_a_first_look():
    assert 0.03 < minimum_detectable(0.003, 5, 1.5e-5) < 0.05


def test_a_level_above_the_power_finds_anything():
    assert minimum_detectable(0.003, 5, 0.9) == 0

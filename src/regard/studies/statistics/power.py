"""What a number of seeds can find."""

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2, norm, t

POWER = 0.8
_FURTHEST = 9
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(100)


def minimum_detectable(spread, seeds, level):
    """Returns the difference that the paired t test would find with 80 % probability.

    Exactly, by the noncentral t distribution. That is integrated here, as `scipy.stats.nct` gives
    NaN for few seeds at a strict level.

    Args:
        spread: Standard deviation of the differences.
        seeds: Number of differences, at least 2.
        level: Of the test, two-sided, between 0 and 1.

    Returns:
        The difference, at least 0, in the unit of the spread.

    Example:
        >>> round(minimum_detectable(spread=0.003, seeds=5, level=0.05), 4)
        0.005
    """
    if level >= POWER:
        return 0.0
    freedom = seeds - 1
    found_from = t.isf(level / 2, freedom)
    each = np.sqrt(POWER) + 1e-3
    enough = found_from * np.sqrt(chi2.ppf(each, freedom) / freedom) + norm.ppf(each)
    shift = brentq(lambda s: _power(s, found_from, freedom) - POWER, 0, enough, xtol=1e-13)
    return float(shift * spread / np.sqrt(seeds))


def _power(shift, found_from, freedom):
    """Probability that |t| is above `found_from` if its mean is shifted by so many errors.

    Given where the mean lies, that is the probability of a spread small enough.
    """
    turn = max(-shift, -_FURTHEST)
    return sum(
        np.sum(weights * norm.pdf(z) * chi2.cdf(freedom * ((z + shift) / found_from) ** 2, freedom))
        for z, weights in (_over(-_FURTHEST, turn), _over(turn, _FURTHEST))
    )


def _over(low, high):
    """Places and weights of an integral by Gauss and Legendre."""
    half = (high - low) / 2
    return low + half * (1 + _NODES), half * _WEIGHTS

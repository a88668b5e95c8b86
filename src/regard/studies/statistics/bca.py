"""The BCa bootstrap interval of a mean difference."""

import numpy as np
from scipy.stats import bootstrap

RESAMPLES = 9999
SAME = 1e-12


def bca_interval(differences, level, rng):
    """Returns the bias-corrected and accelerated bootstrap interval of a mean (Efron, 1987).

    It supposes no distribution, but needs more seeds than the t interval: of few seeds it is too
    narrow (docs/statistics.md says by how much).

    Args:
        differences: Accuracy of one arm less that of the other for each seed, `(seeds,)`.
        level: One less the coverage, between 0 and 1.
        rng: A `numpy.random.Generator`.

    Returns:
        `(low, high)`, or None where all differences are equal or there are fewer than two.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> low, high = bca_interval([0.01, 0.03, 0.02, 0.02], level=0.05, rng=rng)
        >>> 0.01 <= low < 0.02 < high <= 0.03
        True
        >>> bca_interval([0.01, 0.01, 0.01], level=0.05, rng=rng) is None
        True
    """
    if len(differences) < 2 or np.ptp(differences) < SAME:
        return None
    low, high = bootstrap(
        (np.asarray(differences),),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=1 - level,
        method="BCa",
        random_state=rng,
    ).confidence_interval
    return float(low), float(high)

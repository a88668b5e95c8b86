"""The paired t test and its interval."""

import numpy as np
from scipy.stats import t


def t_p(mean, spread, seeds):
    """Returns the two-sided p of the paired t test for no difference.

    Args:
        mean: Mean difference.
        spread: Standard deviation of the differences, above 0.
        seeds: Number of differences, at least 2.

    Returns:
        The p value, 0…1. All arguments may be arrays, and so is then the result.

    Example:
        >>> round(float(t_p(0.004, 0.003, 5)), 4)
        0.0407
    """
    return 2 * t.sf(np.abs(mean) / (spread / np.sqrt(seeds)), seeds - 1)


def t_interval(mean, spread, seeds, level):
    """Returns the interval of a mean difference that is the t test turned round.

    It has 0 in it exactly if `t_p` is above the level.

    Args:
        mean: Mean difference.
        spread: Standard deviation of the differences, above 0.
        seeds: Number of differences, at least 2.
        level: One less the coverage, between 0 and 1.

    Returns:
        `(low, high)`. All arguments may be arrays, and so are then these.

    Example:
        >>> low, high = t_interval(0.004, 0.003, 5, level=0.05)
        >>> f"{low:.4f} {high:.4f}"
        '0.0003 0.0077'
    """
    half = t.isf(level / 2, seeds - 1) * spread / np.sqrt(seeds)
    return mean - half, mean + half

"""How many seeds would decide."""

import numpy as np

from regard.studies.statistics.looks import FEWEST_SEEDS
from regard.studies.statistics.paired_t import t_interval

MOST_SEEDS = 1000


def needed_seeds(mean, spread, seeds, worth, level_at, tests=1):
    """Returns about how many seeds would decide, if mean and spread stay as they are.

    The smallest number, more than there are, of which the t interval has no 0 in it or lies
    within what is not worth having. The true mean is another, so this is a guide and no promise.

    Args:
        mean: Mean difference so far.
        spread: Standard deviation of the differences so far.
        seeds: Number of seeds so far.
        worth: Difference that is worth having, at least 0.
        level_at: A function from a number of seeds to the level of the interval.
        tests: Number of tests that Holm's adjustment is over: the interval that must not have 0
            in it is at the level over that number.

    Returns:
        Number of seeds, from 5 to 1000; 1000 where that many do not decide.

    Example:
        >>> needed_seeds(0.002, 0.003, seeds=5, worth=0.005, level_at=lambda seeds: 0.05)
        7
    """
    numbers = np.arange(max(seeds + 1, FEWEST_SEEDS), MOST_SEEDS)
    levels = np.array([level_at(int(number)) for number in numbers])
    low, high = t_interval(abs(mean), spread, numbers, levels)
    differs = t_interval(abs(mean), spread, numbers, levels / tests)[0] >= 0
    negligible = (low > -worth) & (high < worth)
    decides = np.flatnonzero(differs | negligible)
    return int(numbers[decides[0]]) if len(decides) else MOST_SEEDS

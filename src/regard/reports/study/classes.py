"""What attention changes class by class."""

import numpy as np
from scipy.stats import t as student


def class_differences(results, arm, against):
    """Returns how much more of each class an arm finds than another, paired by seed.

    Args:
        results: A `regard.studies.results.Results`.
        arm: Name of the arm.
        against: Name of the other.

    Returns:
        Array `(3, classes)` of fractions: the mean over the seeds, and the ends of its t interval
        at the study's level, not adjusted for the number of classes; nan where too few seeds
        have a value.
    """
    seeds = results.seeds(arm, against)
    pairs = [
        np.subtract(results.scores[arm, seed].recall, results.scores[against, seed].recall)
        for seed in seeds
    ]
    values = np.reshape(pairs, (len(seeds), len(results.class_names)))
    return np.array([_interval(column, results.study.level) for column in values.T]).T


def _interval(values, level):
    values = values[np.isfinite(values)]
    if not len(values):
        return np.full(3, np.nan)
    mean = values.mean()
    if len(values) == 1:
        return np.array([mean, np.nan, np.nan])
    error = values.std(ddof=1) / np.sqrt(len(values))
    half = student.ppf(1 - level / 2, len(values) - 1) * error
    return np.array([mean, mean - half, mean + half])

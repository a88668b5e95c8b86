"""Intervals for means over images, by bootstrap."""

import numpy as np
from scipy.stats import bootstrap

RESAMPLES = 2000
_VALUES_AT_ONCE = 5_000_000


def mean_intervals(scores, confidence=0.95, seed=0):
    """Returns means over images, each with a percentile bootstrap interval.

    All rows are resampled alike, so that rows of the same images stay paired.

    Args:
        scores: Array `(rows, images)`.
        confidence: Coverage, between 0 and 1.
        seed: Of the resampling.

    Returns:
        Array `(rows, 3)`: mean, low and high.

    Example:
        >>> mean_intervals(np.array([[1.0, 1.0, 1.0]])).tolist()
        [[1.0, 1.0, 1.0]]
    """
    scores = np.asarray(scores, np.float64)
    interval = bootstrap(
        (scores,),
        np.mean,
        axis=-1,
        n_resamples=RESAMPLES,
        batch=max(1, _VALUES_AT_ONCE // scores.size),
        confidence_level=confidence,
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return np.stack([scores.mean(axis=-1), interval.low, interval.high], axis=-1)

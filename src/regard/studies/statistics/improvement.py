"""How likely a training of one arm beats a training of another."""

import numpy as np
from scipy.stats import bootstrap

RESAMPLES = 9999


def improvement(scores, others):
    """Returns the probability of improvement (Agarwal et al., arXiv:2108.13264).

    The share of all pairs of a training here and a training there in which the one here is
    better; equal ones count half.

    Args:
        scores: Accuracies of the arm, `(..., seeds)`, at least one.
        others: Accuracies of the other arm, `(..., seeds)`, at least one.

    Returns:
        Probability, 0…1, of shape `(...)`.

    Example:
        >>> float(improvement([0.92, 0.91], [0.91, 0.90]))
        0.875
    """
    scores, others = np.asarray(scores)[..., :, None], np.asarray(others)[..., None, :]
    return np.mean((scores > others) + (scores == others) / 2, axis=(-2, -1))


def improvement_interval(scores, others, level, rng):
    """Returns the percentile bootstrap interval of the probability of improvement.

    The seeds are resampled, and with each both of its trainings. Where all trainings of one arm
    beat all of the other the interval is one point, however few they are: it describes, and no
    verdict rests on it.

    Args:
        scores: Accuracies of the arm by seed, `(seeds,)`.
        others: Accuracies of the other arm with the same seeds, `(seeds,)`.
        level: One less the coverage, between 0 and 1.
        rng: A `numpy.random.Generator`.

    Returns:
        `(low, high)`; of fewer than two seeds `(0, 1)`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> improvement_interval([0.92, 0.93, 0.94], [0.91, 0.91, 0.90], level=0.05, rng=rng)
        (1.0, 1.0)
    """
    if len(scores) < 2:
        return 0.0, 1.0
    low, high = bootstrap(
        (np.asarray(scores), np.asarray(others)),
        lambda x, y, axis: improvement(x, y),
        n_resamples=RESAMPLES,
        batch=1000,
        paired=True,
        vectorized=True,
        confidence_level=1 - level,
        method="percentile",
        random_state=rng,
    ).confidence_interval
    return float(low), float(high)

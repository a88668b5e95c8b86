"""Medians and spreads of ratios over pairs of turns."""

import numpy as np


def spread(values):
    """Returns the median and the 10 % and 90 % quantiles.

    Example:
        >>> spread([1, 2, 3, 4, 5])
        {'median': 3.0, 'low': 1.4, 'high': 4.6}
    """
    low, median, high = np.quantile(values, [0.1, 0.5, 0.9])
    return {"median": float(median), "low": float(low), "high": float(high)}


def ratios(seconds, against="regard"):
    """Returns how many times longer each contender took than one of them, turn by turn.

    Args:
        seconds: The times of all turns, by contender, in the same order.
        against: The contender whose times divide the others'.

    Returns:
        For each other contender its `spread` and, as `"pairs"`, the ratios.

    Example:
        >>> ratios({"regard": [1, 2], "stock": [3, 4]})["stock"]["pairs"]
        [3.0, 2.0]
    """
    results = {}
    for name, values in seconds.items():
        if name != against:
            pairs = np.divide(values, seconds[against]).tolist()
            results[name] = spread(pairs) | {"pairs": pairs}
    return results


def greatest_difference(losses, reference):
    """Returns the greatest difference of two series of losses and its step, counted from 1.

    A loss that is not finite differs most of all.
    """
    differences = np.abs(np.subtract(losses, reference, dtype=float))
    differences[~np.isfinite(differences)] = np.inf
    return {"difference": float(differences.max()), "step": int(differences.argmax()) + 1}

"""Weights of the classes in the loss."""

import numpy as np


def balanced_weights(labels) -> dict[int, float]:
    """Returns a weight for each class with which all classes count the same.

    The weight is n / (classes * n_c) for a class with n_c of n labels, so that the weights of all
    labels are 1 on average.

    Args:
        labels: Integer array `(n,)`; the classes are those that occur.

    Example:
        >>> balanced_weights(np.array([0, 0, 0, 1]))
        {0: 0.6666666666666666, 1: 2.0}
    """
    classes, counts = np.unique(labels, return_counts=True)
    weights = len(labels) / (len(classes) * counts)
    return dict(zip(classes.tolist(), weights.tolist(), strict=True))

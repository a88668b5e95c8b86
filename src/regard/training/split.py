"""Splitting a validation part off the training images."""

import numpy as np

from regard.errors import DataError


def stratified_split(labels, fraction, seed):
    """Splits indices in two so that each class keeps its share on both sides.

    Args:
        labels: Integer array `(images,)`.
        fraction: Part of each class that goes to validation, between 0 and 1; rounded, but at
            least one image.
        seed: Integer seed; the same seed gives the same split.

    Returns:
        `(training, validation)`: two sorted, disjoint index arrays that together hold all images.

    Raises:
        DataError: If a class has fewer than two images.

    Example:
        >>> training, validation = stratified_split(np.repeat([0, 1], 10), 0.2, seed=0)
        >>> len(training), np.repeat([0, 1], 10)[validation].tolist()
        (16, [0, 0, 1, 1])
    """
    rng = np.random.default_rng(seed)
    held_out = []
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        if count < 2:
            raise DataError(
                f"Class {label} has {count} image; a validation part needs at least 2 of each."
            )
        size = min(max(1, round(fraction * count)), count - 1)
        held_out.append(rng.permutation(np.flatnonzero(labels == label))[:size])
    validation = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(labels)), validation), validation

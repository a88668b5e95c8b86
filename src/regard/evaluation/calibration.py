"""Whether a classifier is right as often as it is confident."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Reliability:
    """Confidence and accuracy of images binned by confidence.

    Attributes:
        edges: Edges of the bins, shape `(bins + 1,)`, from 0 to 1; a bin includes its upper edge.
        confidence: Mean probability of the predicted class in each bin, shape `(bins,)`; nan
            where the bin is empty.
        accuracy: Fraction of correct predictions in each bin, likewise.
        count: Number of images in each bin, shape `(bins,)`.
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray

    @property
    def ece(self):
        """Expected calibration error, 0…1: mean over images of |accuracy - confidence|."""
        used = self.count > 0
        gap = np.abs(self.accuracy[used] - self.confidence[used])
        return float(np.average(gap, weights=self.count[used]))


def reliability(probabilities, labels, bins=15):
    """Bins images by the probability of their predicted class (Guo et al., arXiv:1706.04599).

    Args:
        probabilities: Class probabilities, shape `(images, classes)`, 0…1, at least one image.
        labels: True classes, shape `(images,)`, integers.
        bins: Number of bins of equal width, at least 1.

    Returns:
        A `Reliability`.

    Example:
        >>> result = reliability([[0.9, 0.1], [0.3, 0.7]], [0, 0], bins=2)
        >>> result.count.tolist(), round(result.ece, 3)
        ([0, 2], 0.3)
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == np.asarray(labels)
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, top, side="left") - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    sums = [np.bincount(place, weights=values, minlength=bins) for values in (top, right)]
    means = [np.divide(total, count, out=np.full(bins, np.nan), where=count > 0) for total in sums]
    return Reliability(edges, *means, count)

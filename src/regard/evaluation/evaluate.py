"""All that is measured on one split, from the class probabilities."""

import math
from dataclasses import dataclass

import numpy as np

from regard.errors import DataError
from regard.evaluation.accuracy import wilson_interval
from regard.evaluation.calibration import Reliability, reliability
from regard.evaluation.confusion import confusion_matrix, per_class

MOST_MISTAKES = 25
_SMALLEST = 1e-7


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a classifier does on one split.

    Attributes:
        split: Name of the split, such as `"test"`.
        count: Number of images.
        accuracy: Fraction classified correctly, 0…1.
        interval: 95 % Wilson interval of the accuracy.
        loss: Mean cross entropy in nats; probabilities below 1e-7 count as 1e-7.
        matrix: Confusion matrix `(classes, classes)`, rows true and columns predicted.
        precision: Precision of each class, shape `(classes,)`; nan where never predicted.
        recall: Recall of each class, shape `(classes,)`; nan where it does not occur.
        reliability: Confidence against accuracy.
        mistakes: Indices of the most confident wrong predictions, worst first, at most 25.
        predictions: Predicted class of each image, shape `(images,)`.
        probabilities: Class probabilities, shape `(images, classes)`.
        class_names: A name for each class, in order.
    """

    split: str
    count: int
    accuracy: float
    interval: tuple[float, float]
    loss: float
    matrix: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    reliability: Reliability
    mistakes: np.ndarray
    predictions: np.ndarray
    probabilities: np.ndarray
    class_names: tuple[str, ...]

    def summary(self):
        """Returns the accuracy, its interval and the calibration error in one line."""
        low, high = self.interval
        return (
            f"{self.split} accuracy {self.accuracy:.4f} [{low:.4f}, {high:.4f}] "
            f"(95 % Wilson, {self.count:,} images), ECE {self.reliability.ece:.3f}"
        )

    def to_dict(self):
        """Returns the measures as plain JSON types, without per-image arrays; nan is None."""
        names = ("edges", "confidence", "accuracy", "count")
        return {
            "split": self.split,
            "count": self.count,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "loss": self.loss,
            "ece": self.reliability.ece,
            "class_names": list(self.class_names),
            "precision": _plain(self.precision),
            "recall": _plain(self.recall),
            "confusion": self.matrix.tolist(),
            "reliability": {name: _plain(getattr(self.reliability, name)) for name in names},
            "mistakes": self.mistakes.tolist(),
        }


def evaluate_probabilities(probabilities, labels, class_names, split="test"):
    """Measures what a classifier's probabilities are worth.

    Args:
        probabilities: Class probabilities, shape `(images, classes)`, 0…1, rows summing to 1.
        labels: True classes, shape `(images,)`, integers in 0…classes - 1.
        class_names: A name for each class, in order.
        split: Name of the split that the images are from.

    Returns:
        An `Evaluation`.

    Raises:
        DataError: If there are no images, the shapes do not go together, or a probability or
            label is out of its range.

    Example:
        >>> evaluate_probabilities([[0.9, 0.1], [0.2, 0.8]], [0, 1], ["cat", "dog"]).summary()
        'test accuracy 1.0000 [0.3424, 1.0000] (95 % Wilson, 2 images), ECE 0.150'
    """
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    _check_probabilities(probabilities, len(class_names))
    _check_labels(labels, *probabilities.shape)
    probabilities = probabilities.astype(np.float64)
    count, classes = probabilities.shape
    predictions = probabilities.argmax(axis=1)
    correct = int((predictions == labels).sum())
    matrix = confusion_matrix(labels, predictions, classes)
    true_probability = probabilities[np.arange(count), labels]
    return Evaluation(
        split,
        count,
        correct / count,
        wilson_interval(correct, count),
        float(-np.log(np.clip(true_probability, _SMALLEST, 1)).mean()),
        matrix,
        *per_class(matrix),
        reliability(probabilities, labels),
        _worst(probabilities, predictions, labels),
        predictions,
        probabilities,
        tuple(class_names),
    )


def _worst(probabilities, predictions, labels):
    wrong = np.flatnonzero(predictions != labels)
    order = np.argsort(-probabilities[wrong].max(axis=1), kind="stable")
    return wrong[order[:MOST_MISTAKES]]


def _plain(values):
    return [None if math.isnan(value) else value for value in values.tolist()]


def _check_probabilities(values, classes):
    if values.ndim != 2 or values.shape[1] != classes or not len(values):
        raise DataError(
            f"Probabilities must have shape (images, {classes}), one column a class name and at "
            f"least one image, not {values.shape}."
        )
    if not np.issubdtype(values.dtype, np.number) or not np.isfinite(values).all():
        raise DataError("Probabilities must be finite numbers. Look for nan in the loss.")
    if values.min() < -1e-6 or values.max() > 1 + 1e-6:
        raise DataError(f"Probabilities must lie in 0…1, not {values.min():g}…{values.max():g}.")
    error = np.abs(values.sum(axis=1, dtype=np.float64) - 1).max()
    if error > 1e-3:
        raise DataError(
            f"Each image's probabilities must sum to 1, but one sum is off by {error:.3g}. "
            "Does the network end in a softmax?"
        )


def _check_labels(labels, images, classes):
    if labels.shape != (images,) or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"Labels must be integers of shape ({images},), not {labels.dtype} of {labels.shape}."
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise DataError(f"Labels must lie in 0…{classes - 1}, not {labels.min()}…{labels.max()}.")

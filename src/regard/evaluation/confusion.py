"""Which classes are taken for which."""

import numpy as np


def confusion_matrix(labels, predictions, classes):
    """Counts how often each class is predicted for each true class.

    Args:
        labels: True classes, shape `(images,)`, integers in 0…classes - 1.
        predictions: Predicted classes, of the same shape and range.
        classes: Number of classes.

    Returns:
        Array `(classes, classes)`, int64: rows are true classes, columns predicted ones.

    Example:
        >>> confusion_matrix([0, 0, 1], [0, 1, 1], classes=2).tolist()
        [[1, 1], [0, 1]]
    """
    matrix = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (np.asarray(labels, int), np.asarray(predictions, int)), 1)
    return matrix


def per_class(matrix):
    """Returns the precision and the recall of each class.

    Args:
        matrix: Confusion matrix `(classes, classes)`, rows true and columns predicted.

    Returns:
        `(precision, recall)`, two arrays `(classes,)` with values in 0…1. The precision of a
        class that is never predicted and the recall of one that never occurs are nan.

    Example:
        >>> precision, recall = per_class([[1, 1], [0, 1]])
        >>> precision.tolist(), recall.tolist()
        ([1.0, 0.5], [0.5, 1.0])
    """
    matrix = np.asarray(matrix)
    hits = np.diagonal(matrix)
    return _ratio(hits, matrix.sum(axis=0)), _ratio(hits, matrix.sum(axis=1))


def _ratio(part, whole):
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)

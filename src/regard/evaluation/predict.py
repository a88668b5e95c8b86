"""Class probabilities of a network, in batches."""

import numpy as np

from regard.datasets.check import as_images
from regard.errors import DataError

_AT_ONCE = 1024  # images that are brought into the form of networks


def classify(model, images):
    """Runs a classifier over the images of a split, of which a part at a time is in memory.

    Args:
        model: A Keras model that gives `(batch, classes)`.
        images: What `regard.datasets.check.as_images` takes, at least one image.

    Returns:
        Class probabilities, float32, shape `(images, classes)`.

    Raises:
        DataError: If the images cannot be used or do not fit the model, or if it is no classifier.
    """
    starts = range(0, len(images), _AT_ONCE)
    parts = (as_images(images[start : start + _AT_ONCE]) for start in starts)
    return np.concatenate([predict_probabilities(model, part) for part in parts])


def predict_probabilities(model, images):
    """Runs a classifier over images.

    Args:
        model: A Keras model that gives `(batch, classes)`.
        images: What the model takes; the batch and the channel axis may be left out.

    Returns:
        Class probabilities, float32, shape `(images, classes)`.

    Raises:
        DataError: If the images do not fit the model, or if it gives no row of classes.
    """
    from regard.models.inputs import as_batch
    from regard.models.prediction import predictor

    probabilities = predictor(model)(as_batch(images, model))
    if not isinstance(probabilities, np.ndarray) or probabilities.ndim != 2:
        raise DataError(f"{model.name} is no classifier: its output is not (batch, classes).")
    return probabilities

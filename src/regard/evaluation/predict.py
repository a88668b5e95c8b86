"""Class probabilities of a network, in batches."""

import numpy as np

from regard.errors import DataError


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

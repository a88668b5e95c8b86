"""Asking a network for the probability of a class, for many changed images."""

import numpy as np

from regard.errors import DataError

_GROUP_BYTES = 2**26


def class_probability(model, images, classes, batch_size=256):
    """Runs a classifier and picks each image's class.

    The batches have few different sizes, powers of two, so that a compiled network is compiled
    for few.

    Args:
        model: A Keras model that gives class probabilities `(batch, classes)`.
        images: Images in the model's layout, with all axes.
        classes: Class of each image, integers of shape `(batch,)`.
        batch_size: Images at a time, at least 1.

    Returns:
        Probability of its class for each image, float64, shape `(batch,)`, 0…1.

    Raises:
        DataError: If the model gives no probabilities `(batch, classes)`.
    """
    parts = [
        _probabilities(model, images[start : start + batch_size], batch_size)
        for start in range(0, len(images), batch_size)
    ]
    return np.concatenate(parts)[np.arange(len(images)), classes].astype(np.float64)


def predicted_classes(model, images, batch_size=256):
    """Returns each image's most probable class, and the number of classes there are."""
    parts = [
        _probabilities(model, images[start : start + batch_size], batch_size)
        for start in range(0, len(images), batch_size)
    ]
    probabilities = np.concatenate(parts)
    return probabilities.argmax(axis=1), probabilities.shape[1]


def probabilities_of_variants(model, variants, classes, batch_size=256):
    """Runs a classifier over changed forms of the same images, in large batches.

    Args:
        model: A Keras model that gives class probabilities.
        variants: The forms of the images, each an array like the images; made one by one, so
            that no more than 64 MiB or one form are held at once.
        classes: Class of each image, shape `(batch,)`.
        batch_size: Images at a time.

    Returns:
        Probability of the class, shape `(variants, batch)`.
    """
    rows = [
        class_probability(model, np.concatenate(g), np.tile(classes, len(g)), batch_size)
        for g in _groups(variants)
    ]
    return np.concatenate(rows).reshape(-1, len(classes))


def _probabilities(model, images, batch_size):
    size = min(batch_size, 1 << (len(images) - 1).bit_length())
    missing = size - len(images)
    padded = np.concatenate([images, np.repeat(images[-1:], missing, axis=0)])
    output = model.predict_on_batch(padded.astype("float32"))
    if not isinstance(output, np.ndarray) or output.ndim != 2:
        raise DataError(f"{model.name} is no classifier: its output is not (batch, classes).")
    if not (output.min() >= -1e-6 and output.max() <= 1 + 1e-6):
        raise DataError(
            f"{model.name} must give probabilities in 0…1, but gives "
            f"{output.min():g}…{output.max():g}. Let it end in a softmax."
        )
    return output[: len(images)]


def _groups(variants):
    group, held = [], 0
    for variant in variants:
        group.append(variant)
        held += variant.nbytes
        if held >= _GROUP_BYTES:
            yield group
            group, held = [], 0
    if group:
        yield group

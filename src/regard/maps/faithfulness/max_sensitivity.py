"""Max-sensitivity: how far a map changes when the image hardly does."""

import numpy as np

from regard.errors import UsageError
from regard.maps.faithfulness import methods
from regard.maps.faithfulness.checks import check_count, prepare


def max_sensitivity(
    model,
    method,
    images,
    classes=None,
    *,
    radius=0.02,
    samples=5,
    perturbations=None,
    seed=0,
    batch_size=256,
):
    """Largest relative change of a map under small random changes of the image.

    `max ||map(x + d) - map(x)|| / ||map(x)||` over random `d` with each value in
    -radius…radius (Yeh et al., On the (In)fidelity and Sensitivity of Explanations,
    arXiv:1901.09392, definition 3.1, divided by the map's own length, as is usual). A map of zeros
    is divided by 1. Lower is better, though a flat map is best of all.

    Args:
        model: A Keras model that gives class probabilities.
        method: A function `method(model, images, classes)` that gives maps
            `(batch, rows, columns)`.
        images: What the model takes.
        classes: Class of each image or one for all; None takes the predicted ones.
        radius: Largest change of a value, as a share of the images' range of values.
        samples: Number of random changes.
        perturbations: The changes instead of random ones, `(samples, *images.shape)`.
        seed: Of the random changes.
        batch_size: Images that the network gets at a time to predict classes.

    Returns:
        Array `(batch,)`, 0 or more.

    Raises:
        DataError: If images, classes or the method's maps are not as described.
        UsageError: If `radius` or `samples` are not.
    """
    check_count("samples", samples)
    if not radius > 0:
        raise UsageError(f"radius must be greater than 0, not {radius!r}.")
    images, classes, _ = prepare(model, images, classes, batch_size)
    if perturbations is None:
        perturbations = _random(images, radius * float(np.ptp(images)), samples, seed)
    before = methods.run(method, model, images, classes)
    length = np.linalg.norm(before, axis=(1, 2))
    changes = [
        np.linalg.norm(methods.run(method, model, images + d, classes) - before, axis=(1, 2))
        for d in perturbations
    ]
    return np.max(changes, axis=0) / np.where(length > 0, length, 1)


def _random(images, reach, samples, seed):
    rng = np.random.default_rng(seed)
    return (rng.uniform(-reach, reach, images.shape).astype("float32") for _ in range(samples))

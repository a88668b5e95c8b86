"""Integrated gradients: the gradient along the way from a baseline to the image."""

import numpy as np

from regard.attribution.baseline import as_baseline
from regard.attribution.batches import rows_in_batches
from regard.attribution.scores import compile_image_gradient
from regard.attribution.task import at_least, prepare


def integrated_gradients(model, images, classes=None, batch_size=32, *, steps=32, baseline=0.0):
    """Shares out the difference of a class's score between a baseline and an image.

    `sum_c (x - b) integral_0^1 d score / d x (b + a (x - b)) da` (Sundararajan et al.,
    arXiv:1703.01365), by Gauss-Legendre quadrature. Completeness: a map's values sum to
    `score(x) - score(b)`, up to the error of the quadrature, which more steps lessen.

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Gradients at a time, of images and steps together, at least 1.
        steps: Points on the way, at least 1.
        baseline: A number for all pixels, an image, or one image for each.

    Returns:
        Float32 `(batch, rows, columns)`, of any sign, in units of the logit.

    Raises:
        DataError: If the images do not fit the model, or if it gives no row of classes.
        UsageError: If a class is out of range, or another argument is not as described.

    Example:
        >>> from regard import models
        >>> network = models.tutorial(attention=None)
        >>> integrated_gradients(network, np.ones((2, 28, 28)), classes=3, steps=4).shape
        (2, 28, 28)
    """
    at_least("steps", steps, 1)
    task = prepare(model, images, classes, batch_size)
    start = as_baseline(baseline, task.images)
    run = compile_image_gradient(task.network)
    points, weights = np.polynomial.legendre.leggauss(steps)
    shares = (points + 1) / 2
    total = np.zeros(task.images.shape)
    for rows in rows_in_batches(len(task.images) * steps, batch_size):
        image, step = np.divmod(rows, steps)
        share = shares[step].reshape(-1, 1, 1, 1)
        way = start[image] + share * (task.images[image] - start[image])
        found = run(way, task.one_hot[image])
        np.add.at(total, image, weights[step].reshape(-1, 1, 1, 1) / 2 * found)
    return task.to_plane(total * (task.images - start)).astype("float32")

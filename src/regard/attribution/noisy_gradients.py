"""SmoothGrad: the mean gradient over noisy copies of an image."""

import numpy as np

from regard.attribution.batches import rows_in_batches
from regard.attribution.scores import compile_image_gradient
from regard.attribution.task import at_least, prepare
from regard.errors import UsageError


def smooth_grad(model, images, classes=None, batch_size=32, *, samples=32, noise=0.15, seed=0):
    """Returns the gradient of a class's score, averaged over noisy copies of the image.

    `mean_n sum_c d score / d x (x + e_n)` with `e_n` normal, of standard deviation `noise` times
    the image's range (Smilkov et al., arXiv:1706.03825).

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Gradients at a time, of images and samples together, at least 1.
        samples: Noisy copies of an image, at least 1.
        noise: Standard deviation as a fraction of the image's highest less lowest value, at
            least 0; the paper uses 0.1 to 0.2.
        seed: Integer of at least 0 of the noise.

    Returns:
        Float32 `(batch, rows, columns)`, of any sign: logit per unit of the pixel.

    Raises:
        DataError: If the images do not fit the model, or if it gives no row of classes.
        UsageError: If a class is out of range, or another argument is not as described.

    Example:
        >>> from regard import models
        >>> smooth_grad(models.tutorial(attention=None), np.ones((1, 28, 28)), 3, samples=4).shape
        (1, 28, 28)
    """
    at_least("samples", samples, 1)
    at_least("seed", seed, 0)
    if not 0 <= noise < np.inf:
        raise UsageError(f"noise must be a number of at least 0, not {noise!r}.")
    task = prepare(model, images, classes, batch_size)
    run = compile_image_gradient(task.network)
    shape = task.images.shape[1:]
    deviation = noise * np.ptp(task.images.reshape(len(task.images), -1), axis=1)
    total = np.zeros(task.images.shape)
    for rows in rows_in_batches(len(task.images) * samples, batch_size):
        image, sample = np.divmod(rows, samples)
        drawn = [standard_noise(shape, seed, number) for number in sample]
        noisy = task.images[image] + deviation[image].reshape(-1, 1, 1, 1) * np.stack(drawn)
        np.add.at(total, image, run(noisy, task.one_hot[image]))
    return task.to_plane(total / samples).astype("float32")


def standard_noise(shape, seed, sample):
    """Draws the noise of one copy, the same for each image, so that no image changes another."""
    return np.random.default_rng([seed, sample]).standard_normal(shape, "float32")

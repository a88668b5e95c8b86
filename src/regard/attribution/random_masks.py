"""RISE: the mean score of the image seen through random masks."""

import numpy as np

from regard.attribution.batches import rows_in_batches
from regard.attribution.scores import compile_scores, probabilities
from regard.attribution.task import at_least, prepare
from regard.errors import UsageError


def rise(model, images, classes=None, batch_size=32, *, masks=1000, cells=7, kept=0.5, seed=0):
    """Returns the class's mean probability over the random masks that let each pixel through.

    `sum_n p(x * M_n) M_n / sum_n M_n` for masks of random cells, drawn large with soft edges and
    moved at random (Petsiuk et al., arXiv:1806.07421, whose denominator is the expected value
    `masks * kept`; with the sum, equal probabilities give a flat map). The same masks serve all
    images. One pass of the network for each image and mask.

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes, black where 0; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, of images and masks together, at least 1.
        masks: Number of masks, at least 1; the paper uses 4,000 and more.
        cells: Cells of a mask along each side, at least 1.
        kept: Chance of a cell to let the image through, above 0 and below 1.
        seed: Integer of at least 0 of the masks.

    Returns:
        Float32 `(batch, rows, columns)`, values 0…1: probabilities.

    Raises:
        DataError: If the images do not fit the model, or if it gives no row of classes.
        UsageError: If a class is out of range, or another argument is not as described.

    Example:
        >>> from regard import models
        >>> rise(models.tutorial(attention=None), np.ones((28, 28)), classes=3, masks=8).shape
        (1, 28, 28)
    """
    for name, value in (("masks", masks), ("cells", cells)):
        at_least(name, value, 1)
    at_least("seed", seed, 0)
    if not 0 < kept < 1:
        raise UsageError(f"kept must be above 0 and below 1, not {kept!r}.")
    task = prepare(model, images, classes, batch_size)
    score = compile_scores(task.network, probabilities)
    seen, weight = task.blank(), np.zeros(task.network.image_size)
    for rows in rows_in_batches(len(task.images) * masks, batch_size):
        number, image = np.divmod(rows, len(task.images))
        drawn = {n: random_mask(task.network.image_size, cells, kept, seed, n) for n in set(number)}
        through = np.stack([drawn[n] for n in number])
        masked = task.images[image] * task.on_image(through)
        scores = score(masked, task.one_hot[image])
        np.add.at(seen, image, scores.reshape(-1, 1, 1) * through)
        weight += through[image == 0].sum(0)
    return (seen / np.where(weight > 0, weight, 1)).astype("float32")


def random_mask(size, cells, kept, seed, number):
    """Draws a mask `size`, values 0…1, that depends on nothing but the seed and its number."""
    rng = np.random.default_rng([seed, number])
    grid = (rng.random((cells + 1, cells + 1)) < kept).astype(float)
    rows, columns = (_weights(side, cells, rng.random()) for side in size)
    return rows @ grid @ columns.T


def _weights(side, cells, shift):
    """Linear interpolation from `cells + 1` cells, moved by a share `shift` of a cell."""
    places = np.clip(np.arange(side) * cells / side + shift - 0.5, 0, cells)
    return np.maximum(1 - np.abs(places[:, None] - np.arange(cells + 1)), 0)

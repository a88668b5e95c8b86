"""Occlusion: how much a score falls when a patch of the image is covered."""

import numpy as np

from regard.attribution.baseline import as_baseline
from regard.attribution.batches import in_batches, rows_in_batches
from regard.attribution.scores import compile_scores
from regard.attribution.task import at_least, prepare
from regard.errors import UsageError


def occlusion(model, images, classes=None, batch_size=32, *, patch=None, stride=None, baseline=0.0):
    """Returns how much a class's score falls when each pixel's surroundings are covered.

    The mean of `score(x) - score(x covered by a patch)` over the patches that cover the pixel
    (Zeiler and Fergus, arXiv:1311.2901). Patches that stand over the edge are cut off there.

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, of images and patches together, at least 1.
        patch: Side of the square patch in pixels; by default a seventh of the image's shorter
            side.
        stride: Pixels between two patches, 1 to `patch`; by default half the patch.
        baseline: What covers: a number, an image, or one image for each.

    Returns:
        Float32 `(batch, rows, columns)`, of any sign, in units of the logit.

    Raises:
        DataError: If the images do not fit the model, or if it gives no row of classes.
        UsageError: If a class is out of range, or another argument is not as described.

    Example:
        >>> from regard import models
        >>> network = models.tutorial(attention=None)
        >>> occlusion(network, np.ones((28, 28)), classes=3, patch=14, stride=14).shape
        (1, 28, 28)
    """
    task = prepare(model, images, classes, batch_size)
    patch, stride = _sizes(patch, stride, min(task.network.image_size))
    windows = _windows(task.network.image_size, patch, stride)
    cover = as_baseline(baseline, task.images)
    score = compile_scores(task.network)
    whole = in_batches(score, [task.images, task.one_hot], batch_size)
    falls, covered = task.blank(), np.zeros(task.network.image_size)
    for window in windows:
        covered[window] += 1
    for rows in rows_in_batches(len(task.images) * len(windows), batch_size):
        image, number = np.divmod(rows, len(windows))
        masks = task.on_image(_masks([windows[n] for n in number], task.network.image_size))
        hidden = np.where(masks, cover[image], task.images[image])
        left = score(hidden, task.one_hot[image])
        for at, n, fall in zip(image, number, whole[image] - left, strict=True):
            falls[at][windows[n]] += fall
    return (falls / covered).astype("float32")


def _sizes(patch, stride, shorter):
    patch = max(1, round(shorter / 7)) if patch is None else patch
    at_least("patch", patch, 1)
    stride = max(1, patch // 2) if stride is None else stride
    at_least("stride", stride, 1)
    if stride > patch:
        raise UsageError(f"stride={stride} would leave pixels uncovered; give at most {patch}.")
    return patch, stride


def _windows(size, patch, stride):
    """The slices of rows and columns of each patch; the last of a row reaches the edge."""
    rows, columns = (
        [slice(at, min(at + patch, side)) for at in _starts(side, patch, stride)] for side in size
    )
    return [(row, column) for row in rows for column in columns]


def _starts(side, patch, stride):
    return range(0, max(side - patch, 0) + stride, stride)


def _masks(windows, size):
    masks = np.zeros((len(windows), *size), bool)
    for mask, window in zip(masks, windows, strict=True):
        mask[window] = True
    return masks

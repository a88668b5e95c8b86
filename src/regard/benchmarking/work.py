"""The work that all contenders do: which images, in which order, how many a step."""

import numpy as np

from regard import datasets
from regard.datasets.check import as_images

BATCH_SIZE = 64
LEARNING_RATE = 1e-3
PROVED_STEPS = 100


def samples(steps):
    """Returns the images and labels of so many steps, the sample over again where it ends.

    Args:
        steps: Number of steps of `BATCH_SIZE` images.

    Returns:
        Images float32, 0…1, `(steps * BATCH_SIZE, 28, 28, 1)`, and labels int64, 0…9.
    """
    split = datasets.load("fashion-mnist-sample").train
    rows = np.arange(steps * BATCH_SIZE) % len(split)
    return as_images(split.images[rows]), split.labels[rows]


def batches(images, labels):
    """Yields the images and labels of each step."""
    for first in range(0, len(images), BATCH_SIZE):
        yield images[first : first + BATCH_SIZE], labels[first : first + BATCH_SIZE]

"""A part of the training images, drawn by class."""

import dataclasses

import numpy as np

from regard.datasets import Dataset, Split
from regard.errors import DataError
from regard.training.split import stratified_split

SHOWN = 8  # test images whose maps are shown


def spread_out(count: int, images: int) -> np.ndarray:
    """Returns indices of some images, spread over all, so that no class is left out by their order.

    Args:
        count: How many at most.
        images: Number of all.

    Example:
        >>> spread_out(3, 9).tolist()
        [0, 4, 8]
    """
    return np.unique(np.linspace(0, images - 1, count).round().astype(int))


def part_of(dataset: Dataset, count: int | None, seed: int) -> Dataset:
    """Returns a data set with fewer images to train on, each class with its share.

    Args:
        dataset: The data set.
        count: About how many images; None for all.
        seed: Of the choice.

    Raises:
        DataError: If there are no more than that.

    Example:
        >>> from regard import datasets
        >>> len(part_of(datasets.load("fashion-mnist-sample"), 100, seed=0).train)
        100
    """
    if count is None:
        return dataset
    train = dataset.train
    if count >= len(train):
        raise DataError(
            f"The study takes {count:,} training images of {dataset.name}, which "
            f"has {len(train):,}. Ask for fewer, or leave it out for all."
        )
    _, rows = stratified_split(np.asarray(train.labels), count / len(train), seed)
    return dataclasses.replace(dataset, train=Split(train.images[rows], train.labels[rows]))

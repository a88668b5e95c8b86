"""The images of a study in a folder, for processes that train on them."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np

from regard.datasets import Dataset, Provenance, Split
from regard.datasets.image_store import IN_MEMORY

_SIDES = ("train", "validation", "test")


def write_dataset(folder: Path, dataset: Dataset) -> None:
    """Writes a data set into a folder.

    Example:
        >>> import tempfile
        >>> side = Split(np.zeros((2, 4, 4), np.uint8), np.array([0, 1]))
        >>> folder = Path(tempfile.mkdtemp())
        >>> write_dataset(folder, Dataset("two", side, side, ("a", "b"), Provenance("here")))
        >>> read_dataset(folder).test.images.shape
        (2, 4, 4)
    """
    for side in _SIDES:
        split = getattr(dataset, side)
        if split is not None:
            np.save(folder / f"{side}-images.npy", split.images)
            np.save(folder / f"{side}-labels.npy", split.labels)
    about = {
        "name": dataset.name,
        "class_names": list(dataset.class_names),
        "provenance": dataclasses.asdict(dataset.provenance),
    }
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


def read_dataset(folder: Path) -> Dataset:
    """Reads a data set that `write_dataset` wrote; images of more than 1 GiB stay on disk."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    train, validation, test = (_split(folder, side) for side in _SIDES)
    return Dataset(
        about["name"],
        train,
        test,
        tuple(about["class_names"]),
        Provenance(**about["provenance"]),
        validation,
    )


def _split(folder, side):
    file = folder / f"{side}-images.npy"
    if not file.exists():
        return None
    images = np.load(file, mmap_mode="r")
    if math.prod(images.shape) * images.itemsize <= IN_MEMORY:
        images = np.array(images)
    return Split(images, np.load(folder / f"{side}-labels.npy"))

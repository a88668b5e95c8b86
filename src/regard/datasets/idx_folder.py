"""Folders of IDX files, named as MNIST's."""

import os
from pathlib import Path

from regard.datasets import idx
from regard.datasets.dataset import Dataset, Provenance
from regard.datasets.fashion_files import find
from regard.datasets.own_arrays import as_dataset
from regard.errors import DataError

LIMIT = 2**30  # bytes that a file may unpack to
TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def holds_idx(folder: str | os.PathLike) -> bool:
    """Whether one of the four files is there, with `.gz` or without.

    Example:
        >>> from regard.datasets.fashion_mnist import SAMPLE
        >>> holds_idx(SAMPLE)
        True
    """
    return any(find(Path(folder), name) for name in (*TRAIN, *TEST))


def load_idx(folder: str | os.PathLike, validation: float = 0.1) -> Dataset:
    """Loads a data set of IDX files; the classes are named by their numbers.

    Args:
        folder: A folder with `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, each with
            `.gz` or without, and if wanted `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`
            to test on.
        validation: Part of the images that are not tested on, to validate on.

    Raises:
        DataError: If a file is missing or damaged, or holds what cannot be used.

    Example:
        >>> from regard.datasets.fashion_mnist import SAMPLE
        >>> load_idx(SAMPLE).test.images.shape
        (1000, 28, 28, 1)
    """
    folder = Path(folder)
    names = TRAIN + TEST if any(find(folder, name) for name in TEST) else TRAIN
    paths = {name: find(folder, name) for name in names}
    if lacking := [name for name, path in paths.items() if path is None]:
        raise DataError(f"{folder} lacks {' and '.join(lacking)} (with .gz or without).")
    read = {name: idx.read(path, LIMIT) for name, path in paths.items()}
    parts = [[read[name][0] for name in part] for part in (TRAIN, TEST) if part[0] in read]
    return as_dataset(
        folder.resolve().name,
        parts[0],
        parts[1] if len(parts) > 1 else None,
        None,
        Provenance(str(folder.resolve()), {name: sha256 for name, (_, sha256) in read.items()}),
        validation,
    )

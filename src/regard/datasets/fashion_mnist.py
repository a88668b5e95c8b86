"""Fashion-MNIST: 60,000 + 10,000 grey pictures, 28 x 28, of ten kinds of clothing."""

import dataclasses
import os
import sys
from pathlib import Path

import numpy as np
import platformdirs

from regard.datasets import fashion_files, mirrors
from regard.datasets.dataset import Dataset
from regard.datasets.fashion_files import CLASS_NAMES as CLASS_NAMES
from regard.errors import DataError

CACHE = platformdirs.user_cache_path("regard") / "fashion-mnist"
SYSTEM = Path("/usr/share/datasets/fashion-mnist")  # Debian's package dataset-fashion-mnist
SAMPLE = Path(__file__).parent / "sample"
MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
)


def load(folder: str | os.PathLike | None = None, progress: bool = True) -> Dataset:
    """Loads Fashion-MNIST from the nearest place that has it.

    Looked through in order: `folder`, or else the folder named by the variable `REGARD_DATA`;
    the user's cache; Debian's package dataset-fashion-mnist; public mirrors (downloaded into
    the cache); the sample inside regard. Every file is recognised by its SHA-256.

    Args:
        folder: A folder with the four files of the whole set or of the sample, with or without
            `.gz`; no other place is looked at then.
        progress: Whether a download shows a bar if stderr is a terminal.

    Returns:
        `train` and `test` with images `(60000, 28, 28)` and `(10000, 28, 28)`, uint8, 0…255,
        and labels int64, 0…9; or the sample's, a tenth of that, with a `provenance.notice`.

    Raises:
        DataError: The folder lacks a file, or a file is damaged or altered.
    """
    chosen = os.environ.get("REGARD_DATA") or None if folder is None else folder
    if chosen is not None:
        return fashion_files.read(Path(chosen).expanduser())
    for place in (CACHE, SYSTEM):
        if not fashion_files.missing(place):
            return fashion_files.read(place, sample=False)
    return _download(progress)


def load_sample() -> Dataset:
    """Loads the sample inside regard: 600 images a class to train on, 100 to test on.

    Returns:
        `train` and `test` with images `(6000, 28, 28)` and `(1000, 28, 28)`, uint8, 0…255, and
        labels int64, 0…9; `provenance.notice` says that this is the sample.

    Raises:
        DataError: A file of the sample is damaged.

    Example:
        >>> sample = load_sample()
        >>> sample.train.images.shape, len(sample.test)
        ((6000, 28, 28), 1000)
    """
    return fashion_files.read(SAMPLE, whole=False)


def load_data() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Loads Fashion-MNIST as `keras.datasets.fashion_mnist.load_data` does.

    Prints the notice, if there is one, to stderr.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all uint8: images `(n, 28, 28)`, 0…255, and
        labels `(n,)`, 0…9; n as for `load`.

    Raises:
        DataError: As for `load`.
    """
    dataset = load()
    if dataset.provenance.notice:
        print(dataset.provenance.notice, file=sys.stderr)
    train, test = ((s.images, s.labels.astype(np.uint8)) for s in (dataset.train, dataset.test))
    return train, test


def _download(progress):
    lacking = fashion_files.missing(CACHE)
    files = {f"{name}.gz": fashion_files.MIRROR_SHA256[name] for name in lacking}
    try:
        mirrors.fetch(files, MIRRORS, CACHE, progress)
    except DataError as error:
        sample = load_sample()
        notice = f"{sample.provenance.notice} (The download failed: {error})"
        provenance = dataclasses.replace(sample.provenance, notice=notice)
        return dataclasses.replace(sample, provenance=provenance)
    return fashion_files.read(CACHE, sample=False)

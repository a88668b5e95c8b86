"""Images and labels of a user's own as a data set."""

import hashlib
from collections import defaultdict

import numpy as np

from regard.datasets.check import as_labels
from regard.datasets.dataset import Dataset, Provenance, Split
from regard.datasets.sides import TEST, sides_of
from regard.errors import DataError


def as_dataset(name, train, test, class_names, provenance, validation=0.1) -> Dataset:
    """Makes a data set of arrays; what they do not say of the sides, the images' content says.

    Args:
        name: Name of the data set.
        train: Images, uint8, 0…255, or floats, 0…1, of shape `(n, rows, columns)` or `(n, rows,
            columns, channels)` with 1 or 3 channels; and their labels, whole numbers from 0 or
            one-hot.
        test: The same to test on, or None for a fifth of `train`.
        class_names: A name for each label, or None for the numbers.
        provenance: Where the arrays come from.
        validation: Part of what is not tested on, to validate on.

    Returns:
        A data set of uint8 images, `(n, rows, columns, channels)`. `provenance.notice` says whether
        floats were rounded, and whether images occur on both sides or with several labels.

    Raises:
        DataError: If images or labels cannot be used, do not fit each other, or a class misses.

    Example:
        >>> images = np.random.default_rng(0).integers(0, 256, (100, 8, 8), np.uint8)
        >>> made = as_dataset("noise", (images, np.arange(100) % 2), None, None, Provenance("here"))
        >>> made.class_names, made.train.images.shape[1:], len(made.validation), len(made.test)
        (('0', '1'), (8, 8, 1), 7, 21)
    """
    try:
        return _as_dataset(name, train, test, class_names, provenance, validation)
    except DataError as error:
        raise DataError(f"{provenance.source}: {error}") from None


def _as_dataset(name, train, test, class_names, provenance, validation):
    given = [part for part in (train, test) if part is not None]
    images = [_as_pictures(images) for images, _ in given]
    bound = len(class_names) if class_names else None
    labels = [as_labels(own, bound, len(of)) for (_, own), of in zip(given, images, strict=True)]
    names = class_names or _numbers(labels)
    _check_classes(labels, names)
    _check_shapes(images)
    keys = [[hashlib.sha256(image.tobytes()).hexdigest() for image in part] for part in images]
    shares = (validation * (1 - TEST), TEST) if test is None else (validation, 0)
    sides = sides_of(keys[0], labels[0].tolist(), names, *shares, what="different images")
    parts = [Split(images[0][sides == n], labels[0][sides == n]) for n in range(3)]
    if test is not None:
        parts[2] = Split(images[1], labels[1])
    return Dataset(
        name=name,
        train=parts[0],
        test=parts[2],
        class_names=names,
        provenance=Provenance(provenance.source, provenance.sha256, _notice(given, keys, labels)),
        validation=parts[1],
    )


def _as_pictures(images):
    shape = images.shape
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not images.size:
        raise DataError(
            f"The images have shape {shape}; give (n, rows, columns) or "
            "(n, rows, columns, channels) with 1 or 3 channels."
        )
    if images.dtype == np.uint8:
        return images
    found = f"The images are {images.dtype}"
    if images.dtype.kind == "f":
        least, most = images.min(), images.max()
        if least >= 0 and most <= 1:
            return np.round(images * 255).astype(np.uint8)
        found += f" from {least:g} to {most:g}"
    raise DataError(f"{found}; save them as uint8, 0…255, or as floats, 0…1.")


def _numbers(labels):
    """Returns a name for each label: its number."""
    classes = 1 + max(own.max() for own in labels)
    if classes < 2 or classes > len(labels[0]):
        raise DataError(
            f"The labels run from 0 to {classes - 1} for {len(labels[0])} images; number them from "
            "0 without gaps, at least two classes."
        )
    return tuple(str(n) for n in range(classes))


def _check_classes(labels, names):
    for part, side in zip(labels, ("training", "test"), strict=False):
        missing = np.setdiff1d(np.arange(len(names)), part)
        if missing.size:
            raise DataError(
                f"Of {len(names)} classes {missing.size} have no {side} image, such as "
                f"{names[missing[0]]}. Number the labels from 0 without gaps."
            )


def _check_shapes(images):
    shapes = {part.shape[1:] for part in images}
    if len(shapes) > 1:
        raise DataError(f"The training images are {shapes.pop()}, the test images {shapes.pop()}.")


def _notice(given, keys, labels):
    parts = []
    if kinds := sorted({str(part.dtype) for part, _ in given if part.dtype != np.uint8}):
        parts.append(f"The images were {' and '.join(kinds)}, 0…1, and are rounded to 255ths.")
    seen = set(keys[0])
    if shared := sum(key in seen for test in keys[1:] for key in test):
        parts.append(f"{shared} test images are among the images to train and validate on.")
    labels_of = defaultdict(set)
    for part, own in zip(keys, labels, strict=True):
        for key, label in zip(part, own.tolist(), strict=True):
            labels_of[key].add(label)
    if twice := sum(len(found) > 1 for found in labels_of.values()):
        parts.append(f"{twice} images occur with several labels.")
    return " ".join(parts)

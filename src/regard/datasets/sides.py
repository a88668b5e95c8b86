"""Puts photos on the sides of a split by their content, so that they stay there."""

import hashlib
from collections import defaultdict

import numpy as np

from regard.errors import DataError

SIDES = ("train", "validation", "test")


def sides_of(keys, labels, class_names, validation, test):
    """Returns the side of each photo: 0 to train on, 1 to validate on, 2 to test on.

    A key alone decides: the same key is always on the same side, whatever other photos there are,
    and a copy is on the side of its original. Only where a class would miss on a side, the key
    that is nearest to it is moved there. So the parts are about, not exactly, those asked for.

    Args:
        keys: A string for each photo, such as the SHA-256 of its file; each in one class alone.
        labels: The index of the class of each.
        class_names: Names of the classes.
        validation: Part to validate on, between 0 and 1.
        test: Part to test on, between 0 and 1.

    Returns:
        An integer array `(photos,)`.

    Raises:
        DataError: If a class has fewer than three different photos.

    Example:
        >>> keys = [str(n) for n in range(100)]
        >>> np.bincount(sides_of(keys, [0] * 100, ["cat"], 0.1, 0.2)).tolist()
        [74, 10, 16]
    """
    places = {key: _place(key) for key in set(keys)}
    bounds = {2: (0.0, test), 1: (test, test + validation), 0: (test + validation, 1.0)}
    side = {key: _side(place, bounds) for key, place in places.items()}
    by_class = defaultdict(set)
    for key, label in zip(keys, labels, strict=True):
        by_class[label].add(key)
    for label, own in sorted(by_class.items()):
        if len(own) < len(SIDES):
            raise DataError(
                f"Class {class_names[label]} has {len(own)} different photos that can be read; it "
                f"needs at least {len(SIDES)}, to train, validate and test on."
            )
        _fill(own, side, places, bounds)
    return np.array([side[key] for key in keys])


def _place(key):
    digest = hashlib.sha256(f"side of {key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _side(place, bounds):
    return next(side for side, (start, end) in bounds.items() if start <= place < end)


def _fill(own, side, places, bounds):
    """Moves the nearest keys of a class to the sides where it has none."""
    for wanted, (start, end) in bounds.items():
        if any(side[key] == wanted for key in own):
            continue
        spare = [k for k in own if sum(side[other] == side[k] for other in own) > 1]
        middle = (start + end) / 2
        side[min(spare, key=lambda key: (abs(places[key] - middle), key))] = wanted

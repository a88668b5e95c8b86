"""The side of each photo: to train, validate or test on."""

from collections import defaultdict

import numpy as np

from regard.datasets.sides import GROUPS, PHOTOS, SIDES, TEST, joined, sides_of
from regard.errors import DataError


def split_photos(found, validation: float = 0.1) -> np.ndarray:
    """Returns the side of each photo: an index into `regard.datasets.sides.SIDES`.

    Where the sides are given they rule; if none is `validation`, a part of those to train on is
    taken for it. Else the name of each photo's group decides, or without groups its content.

    Args:
        found: A `regard.datasets.photo_check.PhotoCheck` in which no photo lies in two classes.
        validation: Part of the photos that are not tested on, to validate on.

    Raises:
        DataError: If a class has no photo for one of the sides, or if the same photo or group is
            given two.
    """
    labels = [photo.label for photo in found.photos]
    missing = set(range(len(found.class_names))) - set(labels)
    if missing:
        raise DataError(f"No photo of class {found.class_names[min(missing)]} can be used.")
    keys, what = _keys(found)
    if found.photos[0].side is None:
        return sides_of(keys, labels, found.class_names, validation * (1 - TEST), TEST, what)
    return _given(found, keys, labels, validation, what)


def _keys(found):
    """Returns what decides on the side of each photo, and what that is in words."""
    contents = [one.sha256 for one in found.descriptions]
    if found.photos[0].group is None:
        return contents, PHOTOS
    return joined([photo.group for photo in found.photos], contents), GROUPS


def _given(found, keys, labels, validation, what):
    _check_one_side_each(found, keys)
    sides = np.array([SIDES.index(photo.side) for photo in found.photos])
    if SIDES.index("validation") not in sides:
        rows = np.flatnonzero(sides == SIDES.index("train"))
        own = [[part[row] for row in rows] for part in (keys, labels)]
        sides[rows] = sides_of(*own, found.class_names, validation, 0, what)
    for number, side in enumerate(SIDES):
        for label, name in enumerate(found.class_names):
            if not ((sides == number) & (np.array(labels) == label)).any():
                raise DataError(
                    f"No photo of class {name} that can be used has the split {side!r}; name one."
                )
    return sides


def _check_one_side_each(found, keys):
    by_key = defaultdict(dict)
    for photo, key in zip(found.photos, keys, strict=True):
        by_key[key].setdefault(photo.side, found.name(photo))
    for names in by_key.values():
        if len(names) > 1:
            first, second, *_ = (f"{name} ({side})" for side, name in names.items())
            raise DataError(
                f"The same photo, or one group, is on two sides: {first} and {second}. Give them "
                "one split."
            )

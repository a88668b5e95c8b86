"""Puts photos on the sides of a split by their content, so that they stay there."""

import hashlib
from collections import Counter, defaultdict

import numpy as np

from regard.errors import DataError

SIDES = ("train", "validation", "test")
TEST = 0.2  # part that is only tested on where nothing else is said
_VERBS = ("train", "validate", "test")
PHOTOS = "different photos that can be read"
GROUPS = "groups (those that share a photo count as one)"


def sides_of(keys, labels, class_names, validation, test, what=PHOTOS):
    """Returns the side of each photo: 0 to train on, 1 to validate on, 2 to test on.

    A key alone decides: the same key is always on the same side, whatever other photos there are,
    and a copy is on the side of its original. Only where a class would miss on a side, the key
    that is nearest to it is moved there. So the parts are about, not exactly, those asked for.

    Args:
        keys: A string for each photo, such as the SHA-256 of its file or the name of its group.
        labels: The index of the class of each; the photos of a key may be of several classes.
        class_names: Names of the classes.
        validation: Part to validate on, between 0 and 1.
        test: Part to test on, from 0 to below 1; with 0 there is no such side.
        what: What the keys are, in words.

    Returns:
        An integer array `(photos,)`.

    Raises:
        DataError: If a class has fewer different keys than there are sides, or if it would miss on
            a side because other classes need its keys where they are.

    Example:
        >>> keys = [str(n) for n in range(100)]
        >>> np.bincount(sides_of(keys, [0] * 100, ["cat"], 0.1, 0.2)).tolist()
        [74, 10, 16]
    """
    bounds = {2: (0.0, test), 1: (test, test + validation), 0: (test + validation, 1.0)}
    bounds = {side: (start, end) for side, (start, end) in bounds.items() if start < end}
    places = {key: _place(key) for key in set(keys)}
    side = {key: _side(place, bounds) for key, place in places.items()}
    by_class = defaultdict(set)
    for key, label in zip(keys, labels, strict=True):
        by_class[label].add(key)
    for label, own in sorted(by_class.items()):
        if len(own) < len(bounds):
            raise DataError(
                f"Class {class_names[label]} has {len(own)} {what}; it needs at least "
                f"{len(bounds)}, to {_purposes(bounds)} on."
            )
    for label, own in sorted(by_class.items()):
        _fill(own, side, by_class, places, bounds)
        if lacking := set(bounds) - {side[key] for key in own}:
            raise DataError(
                f"Class {class_names[label]} has nothing to {_VERBS[min(lacking)]} on: none of its "
                f"{len(own)} {what} can be spared elsewhere. Add some."
            )
    return np.array([side[key] for key in keys])


def joined(groups, contents):
    """Returns for each photo the first name, by the alphabet, of all groups joined with its own.

    Two groups are joined if a content is in both, or if each is joined with a third.

    Args:
        groups: The name of the group of each photo.
        contents: A string for the content of each, such as the SHA-256 of its file.

    Example:
        >>> joined(["c", "b", "b", "a"], ["1", "1", "2", "3"])
        ['b', 'b', 'b', 'a']
    """
    before = {group: group for group in groups}

    def first_of(group):
        while before[group] != group:
            before[group] = before[before[group]]
            group = before[group]
        return group

    holder = {}
    for group, content in zip(groups, contents, strict=True):
        first, second = sorted(map(first_of, (group, holder.setdefault(content, group))))
        before[second] = first
    return [first_of(group) for group in groups]


def _purposes(bounds):
    *first, last = [_VERBS[side] for side in sorted(bounds)]
    return f"{', '.join(first)} and {last}"


def _place(key):
    digest = hashlib.sha256(f"side of {key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _side(place, bounds):
    return next(side for side, (start, end) in bounds.items() if start <= place < end)


def _fill(own, side, by_class, places, bounds):
    """Moves the nearest keys of a class that can be spared to the sides where it has none."""
    for wanted, (start, end) in bounds.items():
        if any(side[key] == wanted for key in own):
            continue
        middle = (start + end) / 2
        spare = sorted(_spare(own, side, by_class), key=lambda k: (abs(places[k] - middle), k))
        side |= {key: wanted for key in spare[:1]}


def _spare(own, side, by_class):
    """Returns those keys of a class without which no class misses where they are."""
    needed = set()
    for keys in by_class.values():
        if shared := keys & own:
            counts = Counter(side[key] for key in keys)
            needed |= {key for key in shared if counts[side[key]] == 1}
    return own - needed

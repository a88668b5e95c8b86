"""Finds pictures that are the same, or nearly."""

import math
from collections import defaultdict

import numpy as np

THUMBNAIL = (16, 16, 1)  # rows, columns and channels of the pictures that are compared
DIFFERENCE = 6.0  # of 255, root mean square over the thumbnail
_FLAT = 8.0  # standard deviation of a thumbnail; one with less is of a picture without shapes
_BLOCK = 1024  # rows of a table of all pairs that are held at once


def exact(descriptions):
    """Returns groups of at least two indices whose files have the same bytes.

    Args:
        descriptions: A list of `regard.datasets.picture_file.Description`.
    """
    found = defaultdict(list)
    for index, one in enumerate(descriptions):
        found[one.sha256].append(index)
    return [group for group in found.values() if len(group) > 1]


def near(descriptions, thumbnails):
    """Returns pairs of indices of pictures that look the same but are not the same file.

    Such are a picture and the same in another size or format. Pictures without shapes, such as flat
    ones, are left out. The time grows with the square of their number.

    Args:
        descriptions: A list of `regard.datasets.picture_file.Description`.
        thumbnails: The pictures as `regard.datasets.picture.read_picture` gives them at the size
            `THUMBNAIL`, one for each description.
    """
    pixels = math.prod(THUMBNAIL)
    thumbnails = np.reshape(thumbnails, (-1, pixels)).astype(np.float32)
    shaped = np.flatnonzero(thumbnails.std(axis=1) >= _FLAT)
    thumbnails = thumbnails[shaped]
    squares = (thumbnails**2).sum(axis=1)
    limit = pixels * DIFFERENCE**2
    pairs = []
    for start in range(0, len(shaped), _BLOCK):
        block = slice(start, start + _BLOCK)
        products = thumbnails[block] @ thumbnails[start:].T
        distances = squares[block, None] + squares[None, start:] - 2 * products
        close = np.argwhere(distances <= limit) + start
        pairs += [(int(shaped[a]), int(shaped[b])) for a, b in close if a < b]
    return [(a, b) for a, b in pairs if descriptions[a].sha256 != descriptions[b].sha256]

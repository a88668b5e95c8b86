"""Many images: in memory, or on disk where they would fill the memory."""

import math
import shutil
import tempfile

import numpy as np

from regard.errors import DataError

IN_MEMORY = 2**30  # bytes of one array of images at most; more go on disk


def room_for(count: int, shape: tuple[int, ...]) -> np.ndarray:
    """Returns an array to write images into, a `np.memmap` if it takes more than 1 GiB.

    The file lies in the folder for temporary files, which `TMPDIR` sets, without a name: its space
    is free again when the array is gone, or the process, however it ends.

    Args:
        count: Number of images.
        shape: Of one image.

    Returns:
        uint8, `(count, *shape)`.

    Raises:
        DataError: If the disk has no room.

    Example:
        >>> room_for(2, (28, 28, 1)).shape
        (2, 28, 28, 1)
    """
    size = count * math.prod(shape)
    if size <= IN_MEMORY:
        return np.empty((count, *shape), np.uint8)
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if size > free:
        raise DataError(
            f"The images take {size / 2**30:.1f} GiB, but {folder} has {free / 2**30:.1f} GiB "
            "free. Give a smaller image size, or another folder by the variable TMPDIR."
        )
    with tempfile.TemporaryFile(prefix="regard-") as file:
        return np.memmap(file, np.uint8, "w+", shape=(count, *shape))


def reorder(images: np.ndarray, order: np.ndarray) -> None:
    """Moves images to the front in an order, within the array; those not named come last.

    Args:
        images: An array of `room_for`.
        order: Different indices of images.

    Example:
        >>> images = np.array([10, 11, 12, 13])
        >>> reorder(images, np.array([3, 1]))
        >>> images[:2].tolist()
        [13, 11]
    """
    rest = np.setdiff1d(np.arange(len(images)), order)
    sources = np.concatenate([order, rest]).tolist()
    for start in range(len(sources)):
        if sources[start] != start:
            _turn(images, sources, start)


def _turn(images, sources, start):
    """Moves the images of one cycle of a permutation, and strikes it out."""
    first = images[start].copy()
    place = start
    while (source := sources[place]) != start:
        images[place] = images[source]
        sources[place] = place
        place = source
    images[place] = first
    sources[place] = place

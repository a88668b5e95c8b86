"""Room for many images: in memory, or on disk where they would fill the memory."""

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

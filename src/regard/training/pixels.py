"""Pixels as they lie in memory, and as a network takes them."""

import numpy as np
from keras import ops

_VALUES = np.arange(256, dtype=np.float32) / np.float32(255)


def scaled(x):
    """Returns a batch of images in 0…1, to the bit as `regard.datasets.check.as_images` gives them.

    The values are looked up: compilers would turn the division into another that rounds otherwise.

    Args:
        x: uint8, or float32 in 0…1 already, `(batch, rows, columns, channels)`.

    Returns:
        float32, of the same shape.

    Example:
        >>> float(scaled(np.full((1, 2, 2, 1), 51, np.uint8))[0, 0, 0, 0])
        0.20000000298023224
    """
    if "uint8" not in str(x.dtype):
        return x
    return ops.take(ops.convert_to_tensor(_VALUES), ops.cast(x, "int32"))

"""Rotary position embedding along the rows and the columns of an image."""

import numpy as np
from keras import ops

BASE = 100.0  # of the frequencies, as in RoPE-ViT: an image has fewer places than a text


def rotate(features, rows, columns):
    """Returns `features` with each pair of channels turned by an angle that grows with the place.

    The first half of the channels turns with the row, the second with the column: pair `t` of a
    half of `size / 4` pairs by `BASE^(-t / (size / 4))` a pixel. So the product of two rotated
    vectors depends on the places by their difference alone.

    Args:
        features: `(batch, heads, pixels, size)`, pixels in row-major order, `size` divisible by 4.
        rows: Places of the rows, `(height,)`, in pixels and in the dtype of `features`.
        columns: Places of the columns, `(width,)`.
    """
    size = features.shape[-1]
    angles = _angles(rows, columns, size // 4)
    cosine, sine = ops.cos(angles), ops.sin(angles)
    pairs = ops.reshape(features, (*ops.shape(features)[:-1], size // 2, 2))
    first, second = pairs[..., 0], pairs[..., 1]
    turned = (first * cosine - second * sine, first * sine + second * cosine)
    return ops.reshape(ops.stack(turned, axis=-1), ops.shape(features))


def _angles(rows, columns, pairs):
    """Angles of shape `(pixels, 2 * pairs)`."""
    frequencies = ops.cast(BASE ** -(np.arange(pairs) / pairs), rows.dtype)
    height, width = ops.shape(rows)[0], ops.shape(columns)[0]
    by_row = (rows[:, None] * frequencies)[:, None, :]
    by_column = (columns[:, None] * frequencies)[None, :, :]
    shape = (height, width, pairs)
    both = [ops.broadcast_to(by_row, shape), ops.broadcast_to(by_column, shape)]
    return ops.reshape(ops.concatenate(both, axis=-1), (-1, 2 * pairs))

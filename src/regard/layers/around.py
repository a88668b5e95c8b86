"""Products of each pixel with the square of pixels around it, and sums over that square.

A row of the square is one product of feature maps, of which a matrix of zeros and ones adds up
each head's channels: of the pixels around each pixel, one row at a time stands side by side.
"""

import math

import keras
import numpy as np
from keras import ops

from regard.layers import layout


def scores(queries, keys, kernel_size, heads):
    """Returns the dot product of each pixel's queries with each of the keys around it.

    Args:
        queries: `(batch, row, column, channels)`.
        keys: The same with a border of `kernel_size // 2` pixels.
        kernel_size: Side of the square, odd.
        heads: Number of heads into which the channels are split.

    Returns:
        `(batch, row, column, place, head)`, the places of the square row-major.
    """

    @ops.custom_gradient
    def products(queries, keys):
        def gradients(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return _gather(upstream, keys), _spread(upstream, queries)

        return _scores(queries, keys, kernel_size, heads), gradients

    return products(queries, keys)


@ops.custom_gradient
def gather(attention, values):
    """Returns the sum of the values around each pixel, weighted by its attention.

    Args:
        attention: `(batch, row, column, place, head)`, in the dtype of `values`.
        values: `(batch, row, column, channels)` with a border as wide as the square asks for.

    Returns:
        `(batch, row, column, channels)`, without the border.
    """

    def gradients(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        d_attention = _scores(upstream, values, _side(attention), attention.shape[-1])
        return d_attention, _spread(attention, upstream)

    return _gather(attention, values), gradients


def _scores(queries, keys, kernel_size, heads):
    of_head = ops.transpose(channels_of_heads(heads, queries))
    queries = ops.expand_dims(queries, 3)
    rows = _rows(keys, kernel_size)
    return ops.concatenate([ops.matmul(queries * row, of_head) for row in rows], axis=3)


def _gather(attention, values):
    side = _side(attention)
    return _weighted(ops.split(attention, side, axis=3), _rows(values, side))


def _spread(attention, x):
    """What each pixel, border included, gets of `x` from the squares that it lies in."""
    side = _side(attention)
    attention, x = padded(ops.flip(attention, 3), side - 1), padded(x, side - 1)
    weights = ops.split(attention, side, axis=3)
    moved = [_row(_diagonal(weight), start, side) for start, weight in enumerate(weights)]
    return _weighted(moved, _rows(x, side))


def _weighted(weights, rows):
    """The sum of the weighted rows of the squares, added up in at least float32."""
    of_head = channels_of_heads(weights[0].shape[-1], rows[0])
    dtype = keras.backend.standardize_dtype(rows[0].dtype)
    total = sum(
        ops.sum(ops.cast(ops.matmul(weight, of_head) * row, layout.precise(dtype)), 3)
        for weight, row in zip(weights, rows, strict=True)
    )
    return ops.cast(total, dtype)


def channels_of_heads(heads, like):
    """Ones where a channel is in a head: `(head, channel)`."""
    size = like.shape[-1] // heads
    return ops.convert_to_tensor(np.repeat(np.eye(heads), size, axis=1), like.dtype)


def _side(attention):
    return math.isqrt(attention.shape[3])


def _rows(x, side):
    """For each row of the square, what stands in it for each pixel, on a new axis 3."""
    columns = ops.stack([_column(x, start, side) for start in range(side)], axis=3)
    return [_row(columns, start, side) for start in range(side)]


def _row(x, start, side):
    return x[:, start : start + 1 - side or None]


def _column(x, start, side):
    return x[:, :, start : start + 1 - side or None]


def _diagonal(weights):
    """The weight of each place in a row of the square, by the pixel that stands there."""
    side = weights.shape[3]
    places = enumerate(ops.unstack(weights, axis=3))
    return ops.stack([_column(weight, start, side) for start, weight in places], axis=3)


def padded(x, border):
    """Returns `x` with a border of zeros around its rows and columns, axes 1 and 2."""
    return ops.pad(x, ((0, 0), (border, border), (border, border), *((0, 0),) * (len(x.shape) - 3)))

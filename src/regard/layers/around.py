"""Products of each pixel with the square of pixels around it, and sums over that square.

A place of the square is one product of whole feature maps, of which a matrix of zeros and ones
adds up each head's channels: the pixels around each pixel are never copied side by side.
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
    places = _places(keys, kernel_size)
    return ops.stack([ops.matmul(queries * place, of_head) for place in places], axis=3)


def _gather(attention, values):
    weights = ops.unstack(attention, axis=3)
    return _weighted(weights, _places(values, _side(attention)))


def _spread(attention, x):
    """What each pixel, border included, gets of `x` from the squares that it lies in."""
    side = _side(attention)
    weights = ops.unstack(padded(attention, side - 1), axis=3)[::-1]
    moved = [
        _place(weight, *start, side) for weight, start in zip(weights, _starts(side), strict=True)
    ]
    return _weighted(moved, _places(padded(x, side - 1), side))


def _weighted(weights, places):
    """The sum of the weighted places, added up in at least float32."""
    of_head = channels_of_heads(weights[0].shape[-1], places[0])
    dtype = keras.backend.standardize_dtype(places[0].dtype)
    total = sum(
        ops.cast(ops.matmul(weight, of_head) * place, layout.precise(dtype))
        for weight, place in zip(weights, places, strict=True)
    )
    return ops.cast(total, dtype)


def channels_of_heads(heads, like):
    """Ones where a channel is in a head: `(head, channel)`."""
    size = like.shape[-1] // heads
    return ops.convert_to_tensor(np.repeat(np.eye(heads), size, axis=1), like.dtype)


def _side(attention):
    return math.isqrt(attention.shape[3])


def _starts(side):
    return [(row, column) for row in range(side) for column in range(side)]


def _places(x, side):
    """For each place of the square, what stands there for each pixel."""
    return [_place(x, *start, side) for start in _starts(side)]


def _place(x, row, column, side):
    rows, columns = (slice(start, start + 1 - side or None) for start in (row, column))
    return x[:, rows, columns]


def padded(x, border):
    """Returns `x` with a border of zeros around its rows and columns, axes 1 and 2."""
    return ops.pad(x, ((0, 0), (border, border), (border, border), *((0, 0),) * (len(x.shape) - 3)))

"""Pooling and resizing of images as a matrix for the rows and one for the columns.

So they are the same to the last digits on every backend, in every precision, also where the
sizes are known only as the model runs.
"""

from keras import ops


def cells(size, cell):
    """Returns how many cells of `cell` pixels cover `size` pixels; the last may be smaller."""
    return -(-size // cell)


def cell_means(size, cell, dtype):
    """Returns the matrix `(cells, size)` that takes the means of cells of `cell` pixels."""
    home = ops.arange(size, dtype="int32") // cell
    inside = ops.cast(home == ops.arange(cells(size, cell), dtype="int32")[:, None], dtype)
    return inside / ops.sum(inside, axis=1, keepdims=True)


def bilinear(size, target, dtype):
    """Returns the matrix `(target, size)` of linear interpolation, with half-pixel centres."""
    step = ops.cast(size, dtype) / ops.cast(target, dtype)
    places = (ops.cast(ops.arange(target, dtype="int32"), dtype) + 0.5) * step - 0.5
    pixels = ops.cast(ops.arange(size, dtype="int32"), dtype)
    places = ops.minimum(ops.maximum(places, 0), pixels[-1])
    return ops.maximum(1 - ops.abs(places[:, None] - pixels), 0)


def apply(rows, columns, x):
    """Returns `x` of shape `(batch, row, column, channels)` with both matrices applied."""
    return ops.einsum("jw,biwc->bijc", columns, ops.einsum("ih,bhwc->biwc", rows, x))


def resize(x, target):
    """Returns `x` of shape `(batch, row, column, channels)` resized bilinearly to a size."""
    if tuple(x.shape[1:3]) == tuple(target):
        return x
    rows, columns = (
        bilinear(size, wanted, x.dtype)
        for size, wanted in zip(ops.shape(x)[1:3], target, strict=True)
    )
    return apply(rows, columns, x)

"""Relative positions in attention over pixels, as a part of the queries and of the keys."""

import keras
import numpy as np
from keras import ops

from regard.layers import heads, layout


def split_heads(x, number, dtype):
    """Returns `(batch, row, column, channels)` as `(batch, head, pixel, size)` in `dtype`."""
    return ops.cast(heads.split(layout.to_pixels(x), number), dtype)


def merge_heads(x, like):
    """Returns `(batch, head, pixel, size)` as `(batch, row, column, channels)`, rows of `like`."""
    return layout.from_pixels(heads.merge(x), like)


def add_table(layer, name, offsets, size):
    """Makes a weight of `layer`: a vector of `size` for each of `offsets` offsets."""
    return layer.add_weight(
        name=name,
        shape=(offsets, size),
        initializer=keras.initializers.RandomNormal(stddev=size**-0.5),
        dtype=layer.gate_dtype,
        autocast=False,
    )


def add_tables(layer, rows, columns, size):
    """Makes the weights `row_positions` and `column_positions` for offsets below a size."""
    layer.row_positions = add_table(layer, "row_positions", 2 * rows - 1, size)
    layer.column_positions = add_table(layer, "column_positions", 2 * columns - 1, size)


def extend(queries, keys, scale, tables, query_shape, key_shape, scale_position=True):
    """Returns queries and keys whose product is `scale q.k + q.r_row + q.r_column`.

    The positions are channels of their own, so the product can be taken in parts.

    Args:
        queries: `(..., queries, size)`, not scaled.
        keys: `(..., keys, size)`.
        scale: Factor of the queries.
        tables: For rows and for columns, `(offsets, size)`; an offset is a key's place less the
            query's, and the middle of the table is the offset 0.
        query_shape: Rows and columns of the queries, which are in row-major order.
        key_shape: Rows and columns of the keys, likewise.
        scale_position: Whether the factor is for `q.r_row + q.r_column` too.
    """
    scaled = queries * scale
    positions = _position_logits(
        scaled if scale_position else queries, tables, query_shape, key_shape
    )
    return (
        ops.concatenate([scaled, positions], axis=-1),
        ops.concatenate([keys, _key_places(keys, key_shape)], axis=-1),
    )


def _position_logits(queries, tables, query_shape, key_shape):
    """What each query adds to each row and column of keys: `(..., queries, rows + columns)`."""
    lead = ops.shape(queries)[:-2]
    grid = ops.reshape(queries, (*lead, *query_shape, queries.shape[-1]))
    by_row = _offset_logits(grid, tables[0], query_shape[0], key_shape[0])
    by_column = _offset_logits(ops.swapaxes(grid, -3, -2), tables[1], query_shape[1], key_shape[1])
    both = ops.concatenate([by_row, ops.swapaxes(by_column, -3, -2)], axis=-1)
    return ops.reshape(both, (*lead, query_shape[0] * query_shape[1], sum(key_shape)))


def _key_places(keys, key_shape):
    """Which row and column each key is in, zeros and ones: `(..., keys, rows + columns)`."""
    rows, columns = np.indices(key_shape).reshape(2, -1)
    places = np.concatenate([np.eye(key_shape[0])[rows], np.eye(key_shape[1])[columns]], axis=-1)
    return ops.broadcast_to(
        ops.convert_to_tensor(places, keys.dtype), (*ops.shape(keys)[:-2], *places.shape)
    )


def _offset_logits(grid, table, queries, keys):
    """Products of `(..., queries, others, size)` with the table's vector for each key."""
    middle = table.shape[0] // 2
    offsets = np.arange(keys)[None] - np.arange(queries)[:, None] + middle
    return ops.matmul(grid, ops.swapaxes(ops.take(table, offsets, axis=0), -1, -2))

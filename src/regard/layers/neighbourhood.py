"""Neighbourhood attention: each pixel attends to as many pixels, at the border too."""

import math

import keras
from keras import ops

from regard.layers import arguments, dot_product, heads, parts
from regard.layers.base import AttentionLayer

BLOCK = 8  # queries a side that share their keys: for the default kernel, 14 x 14 of them


@keras.saving.register_keras_serializable(package="regard")
class NeighbourhoodAttention(AttentionLayer):
    """Lets each pixel gather values from the `kernel_size` x `kernel_size` pixels next to it.

    In each head of size `d`: `attention = softmax(q . k / sqrt(d) + bias)` over the
    neighbourhood, with a bias for each offset of the key from the query, and
    `output = Wo (attention v) + bo`. Near the border the neighbourhood is moved inwards, so that
    each pixel has as many neighbours
    (Hassani et al., Neighborhood Attention Transformer, arXiv:2204.07143, equations 2 to 4).

    As in the authors' code, the bias is added after the scale; the paper scales it too.
    On a map smaller than the kernel, which the paper does not allow, all its rows or columns are
    neighbours, and the positions left over have no weight.

    Args:
        kernel_size: Side of the neighbourhood, odd.
        heads: Number of heads; it must divide the channels. None for one per 32 channels.
        use_bias: Whether queries, keys and values have a bias.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, head, row, column, position)`, with the neighbours row-major. It sums to 1 over
        them and is at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels, if `x` has
            another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = NeighbourhoodAttention(3, heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 5, 7, 9))
    """

    attention_axes = ("batch", "head", "row", "column", "position")
    attention_kind = "distribution"
    attention_sum_axes = ("position",)
    weights_without_gradient = ("key/bias",)  # the softmax over the neighbours takes it out

    def __init__(self, kernel_size=7, heads=None, use_bias=True, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
        self.heads = arguments.optional(arguments.integer, "heads", heads)
        self.use_bias = arguments.boolean("use_bias", use_bias)

    def build_for(self, shape):
        channels = shape[-1]
        heads = arguments.heads_for(self.heads, channels)
        for name in ("query", "key", "value"):
            layer = parts.dense(name, channels, channels, self.dtype_policy, use_bias=self.use_bias)
            setattr(self, name, layer)
        self.project = parts.dense("project", channels, channels, self.dtype_policy)
        self.position_bias = self.add_weight(
            name="position_bias",
            shape=(heads, 2 * self.kernel_size - 1, 2 * self.kernel_size - 1),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
            dtype=self.gate_dtype,
            autocast=False,
        )

    def attend(self, x, training):
        rows, columns = self._axes(x)
        output, attention = self._attended(x, rows, columns)
        return output, _by_pixel(attention, rows, columns)

    def output_of(self, x, training):
        return self._attended(x, *self._axes(x))[0]

    def scores_count(self, shape):
        if None in shape[:3]:
            return None
        heads = arguments.heads_for(self.heads, shape[3])
        return math.prod(shape[:3]) * heads * self.kernel_size**2

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "heads": self.heads,
            "use_bias": self.use_bias,
        }

    def _axes(self, x):
        return [_Axis(size, self.kernel_size) for size in ops.shape(x)[1:3]]

    def _attended(self, x, rows, columns):
        """The output, and the attention `(batch, block, head, query, key)`."""
        number = self.position_bias.shape[0]
        queries = heads.split(_cut(self.query(x), rows.queries, columns.queries), number)
        keys, values = (
            heads.split(_cut(layer(x), rows.keys, columns.keys), number)
            for layer in (self.key, self.value)
        )
        queries = ops.cast(queries, self.gate_dtype) * queries.shape[-1] ** -0.5
        keys = ops.cast(keys, self.gate_dtype)
        logits = ops.matmul(queries, ops.swapaxes(keys, -1, -2)) + self._bias(rows, columns)
        attention = self.applied(parts.softmax(logits))
        gathered = heads.merge(dot_product.gather(attention, values))
        return self.project(_joined(gathered, rows, columns)), attention

    def _bias(self, rows, columns):
        """The bias of each key, `(block, head, query, key)`; no neighbour has -inf."""
        table = ops.reshape(self.position_bias, (self.position_bias.shape[0], -1))
        down = rows.offsets() * (2 * self.kernel_size - 1)
        bias = ops.take(table, _paired(ops.add, down, columns.offsets()), axis=1)
        allowed = _paired(ops.logical_and, rows.are_neighbours(), columns.are_neighbours())
        return ops.where(ops.expand_dims(allowed, 1), ops.swapaxes(bias, 0, 1), -math.inf)


class _Axis:
    """How the rows, or the columns, of a map are cut into blocks of queries with their keys."""

    def __init__(self, size, kernel_size):
        self.size, self.kernel_size = size, kernel_size
        self.blocks, self.block, self.span = _blocks(size, kernel_size)
        blocks, last = ops.expand_dims(ops.arange(self.blocks), 1), size - 1
        self.queries = ops.minimum(blocks * self.block + ops.arange(self.block), last)
        self.first_neighbours = self._first(self.queries, kernel_size)
        self.first_keys = self._first(blocks * self.block, self.span)
        self.keys = ops.minimum(self.first_keys + ops.arange(self.span), last)

    def offsets(self):
        """The row of the bias table for each query and key, `(block, query, key)`."""
        offsets = self._of_query_and_key(self.keys, self.queries) + self.kernel_size - 1
        return ops.clip(offsets, 0, 2 * self.kernel_size - 2)

    def are_neighbours(self):
        """Whether each key is its query's neighbour, `(block, query, key)`."""
        keys = self.first_keys + ops.arange(self.span)
        places = self._of_query_and_key(keys, self.first_neighbours)
        inside = ops.logical_and(places >= 0, places < self.kernel_size)
        return ops.logical_and(inside, ops.expand_dims(keys < self.size, 1))

    def neighbours(self):
        """Which key each neighbour is, and if it is on the map, `(block, query, place)`."""
        places = ops.expand_dims(self.first_neighbours, 2) + ops.arange(self.kernel_size)
        keys = places - ops.expand_dims(self.first_keys, 2)
        return ops.minimum(keys, self.span - 1), places < self.size

    def _first(self, places, length):
        """Where `length` places in a row begin that reach the neighbours of those at `places`."""
        latest = ops.maximum(self.size - length, 0)
        return ops.clip(places - self.kernel_size // 2, 0, latest)

    def _of_query_and_key(self, keys, queries):
        return ops.expand_dims(keys, 1) - ops.expand_dims(queries, 2)


def _blocks(size, kernel_size):
    """Number of blocks, queries of a block and keys of a block, along an axis."""
    if not isinstance(size, int):
        return -(-size // BLOCK), BLOCK, BLOCK + kernel_size - 1
    blocks = 1 if size < BLOCK + kernel_size else -(-size // BLOCK)
    block = -(-size // blocks)
    return blocks, block, min(block + kernel_size - 1, size)


def _paired(combine, rows, columns):
    """Combines `(block, query, key)` of rows and of columns into that of pixels."""
    pairs = combine(ops.reshape(rows, (-1, 1)), ops.reshape(columns, (-1,)))
    pairs = ops.reshape(pairs, (*ops.shape(rows), *ops.shape(columns)))
    queries, keys = (rows.shape[axis] * columns.shape[axis] for axis in (1, 2))
    return ops.reshape(ops.transpose(pairs, (0, 3, 1, 4, 2, 5)), (-1, queries, keys))


def _cut(x, rows, columns):
    """The pixels of each block, `(batch, block, pixel, channels)`."""
    blocks = _taken(_taken(x, rows, 1), columns, 3)
    pixels = rows.shape[1] * columns.shape[1]
    by_block = ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
    return ops.reshape(by_block, (ops.shape(x)[0], -1, pixels, x.shape[-1]))


def _taken(x, places, axis):
    if tuple(places.shape) == (1, x.shape[axis]):  # all, in order
        return ops.expand_dims(x, axis)
    return ops.take(x, places, axis=axis)


def _joined(pixels, rows, columns):
    """The feature map of which `pixels` are the blocks' queries."""
    grid = (rows.blocks, columns.blocks, rows.block, columns.block)
    batch, channels = ops.shape(pixels)[0], pixels.shape[-1]
    blocks = ops.transpose(ops.reshape(pixels, (batch, *grid, channels)), (0, 1, 3, 2, 4, 5))
    whole = (batch, rows.blocks * rows.block, columns.blocks * columns.block, channels)
    return ops.reshape(blocks, whole)[:, : rows.size, : columns.size]


def _by_pixel(attention, rows, columns):
    """Attention of blocks as `(batch, head, row, column, place)` of the neighbours alone."""
    row_keys, row_on_map = rows.neighbours()
    column_keys, column_on_map = columns.neighbours()
    keys = _paired(ops.add, row_keys * columns.span, column_keys)
    on_map = _paired(ops.logical_and, row_on_map, column_on_map)
    places = ops.take_along_axis(attention, ops.expand_dims(keys, (0, 2)), axis=-1)
    places = heads.merge(ops.where(ops.expand_dims(on_map, 1), places, 0.0))
    joined = _joined(places, rows, columns)
    shape = (*ops.shape(joined)[:3], attention.shape[2], keys.shape[-1])
    return ops.transpose(ops.reshape(joined, shape), (0, 3, 1, 2, 4))

"""Halo attention: blocks of pixels that see their surroundings."""

import keras
from keras import ops

from regard.layers import arguments, dot_product, parts, relative
from regard.layers.base import AttentionLayer
from regard.layers.windows import windows


@keras.saving.register_keras_serializable(package="regard")
class HaloAttention(AttentionLayer):
    """Lets the pixels of each block gather values from the block and a halo around it.

    The map is cut into blocks of `b` x `b` queries, and each block has the keys of a window of
    `b + 2 h` rows and columns. In each head of size `d`, for a query at row `i`, column `j`, and
    a key at `i'`, `j'`:
    `logits = (q . k + q . r_row[i' - i] + q . r_column[j' - j]) / sqrt(d)`,
    `attention = softmax(logits)` over the window, and `output = attention v`
    (Vaswani et al., Scaling Local Self-Attention for Parameter Efficient Visual Backbones,
    arXiv:2103.12731, section 2.2).

    Keys and values beyond the border are zeros; they take part in the softmax. A map that the
    block does not divide is padded at the bottom and right: the padding's queries are cropped
    from the output, while its keys are zeros like any beyond the border.

    Args:
        heads: Number of heads; it must divide `filters` and `key_channels`.
        block_size: Side `b` of a block.
        halo_size: Width `h` of the halo.
        filters: Channels of the output and of the values; None for those of the input.
        key_channels: Channels of queries and of keys, all heads together; None for `filters`.
        scale_position: Whether `1 / sqrt(d)` scales the terms of the position too; in timm it
            does not by default, and the paper leaves it open.
        use_bias: Whether queries, keys and values have a bias, which the border has not.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the size of `x` with `filters` channels; or `(output, attention)`,
        where `attention` has shape `(batch, head, group, query, key)`: the blocks, the pixels of
        a block and those of its window, all row-major. It sums to 1 over the keys and is at
        least float32; queries of the padding, if any, are in it.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels, if `x` has
            another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = HaloAttention(2, block_size=4, halo_size=1, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 4, 16, 36))
    """

    attention_axes = ("batch", "head", "group", "query", "key")
    attention_kind = "distribution"
    attention_sum_axes = ("key",)

    def __init__(
        self,
        heads=8,
        block_size=8,
        halo_size=3,
        filters=None,
        key_channels=None,
        scale_position=True,
        use_bias=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.heads = arguments.integer("heads", heads)
        self.block_size = arguments.integer("block_size", block_size)
        self.halo_size = arguments.integer("halo_size", halo_size, least=0)
        self.filters = arguments.optional(arguments.integer, "filters", filters)
        self.key_channels = arguments.optional(arguments.integer, "key_channels", key_channels)
        self.scale_position = arguments.boolean("scale_position", scale_position)
        self.use_bias = arguments.boolean("use_bias", use_bias)
        self.keeps_shape = filters is None
        self.window_size = block_size + 2 * halo_size

    def build_for(self, shape):
        channels = shape[-1]
        filters = self.filters or channels
        key_channels = self.key_channels or filters
        arguments.divides("heads", self.heads, filters, "filters")
        arguments.divides("heads", self.heads, key_channels, "key_channels")
        options = {"dtype": self.dtype_policy, "use_bias": self.use_bias}
        self.query = parts.dense("query", channels, key_channels, **options)
        self.key = parts.dense("key", channels, key_channels, **options)
        self.value = parts.dense("value", channels, filters, **options)
        relative.add_tables(self, self.window_size, self.window_size, key_channels // self.heads)

    def attend(self, x, training):
        queries, keys, values = self._projections(x)
        attention = dot_product.scores(queries, keys)
        return self._merged(dot_product.gather(attention, values), x), attention

    def output_of(self, x, training):
        return self._merged(dot_product.attend(*self._projections(x)), x)

    def scores_count(self, shape):
        batch, rows, columns, _ = shape
        if None in (batch, rows, columns):
            return None
        groups = -(-rows // self.block_size) * -(-columns // self.block_size)
        return batch * self.heads * groups * (self.block_size * self.window_size) ** 2

    def get_config(self):
        return super().get_config() | {
            "heads": self.heads,
            "block_size": self.block_size,
            "halo_size": self.halo_size,
            "filters": self.filters,
            "key_channels": self.key_channels,
            "scale_position": self.scale_position,
            "use_bias": self.use_bias,
        }

    def _projections(self, x):
        block, window = (self.block_size,) * 2, (self.window_size,) * 2
        queries = ops.cast(self._windows(self.query(x), 0), self.gate_dtype)
        keys = ops.cast(self._windows(self.key(x), self.halo_size), self.gate_dtype)
        tables = self.row_positions, self.column_positions
        scale = queries.shape[-1] ** -0.5
        queries, keys = relative.extend(
            queries, keys, scale, tables, block, window, self.scale_position
        )
        values = self._windows(self.value(x), self.halo_size)
        return self.applied(queries), self.applied(keys), values

    def _windows(self, x, halo):
        """Each block of `x` with the halo, as `(batch, head, group, pixel, size)`."""
        block, size = self.block_size, x.shape[-1] // self.heads
        batch, rows, columns, _ = ops.shape(x)
        down, across = -(-rows // block), -(-columns // block)
        border = (halo, halo + block - 1)
        padded = ops.pad(x, ((0, 0), border, border, (0, 0)))
        padded = padded[:, : down * block + 2 * halo, : across * block + 2 * halo]
        groups = windows(padded, block + 2 * halo, block)
        pixels = (block + 2 * halo) ** 2
        split = ops.reshape(groups, (batch, down * across, pixels, self.heads, size))
        return ops.transpose(split, (0, 3, 1, 2, 4))

    def _merged(self, gathered, x):
        """`(batch, head, group, pixel, size)` as a feature map, without the padding."""
        block, channels = self.block_size, self.heads * gathered.shape[-1]
        batch, rows, columns, _ = ops.shape(x)
        down, across = -(-rows // block), -(-columns // block)
        groups = ops.reshape(
            ops.transpose(gathered, (0, 2, 3, 1, 4)),
            (batch, down, across, block, block, channels),
        )
        whole = ops.reshape(
            ops.transpose(groups, (0, 1, 3, 2, 4, 5)),
            (batch, down * block, across * block, channels),
        )
        return whole[:, :rows, :columns]

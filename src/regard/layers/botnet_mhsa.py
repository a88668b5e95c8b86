"""The multi-head self-attention of bottleneck transformers: content and relative position."""

import keras
from keras import ops

from regard.layers import arguments, dot_product, parts, relative
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class BotNetAttention(AttentionLayer):
    """Lets each pixel gather values from all pixels, by content and by relative position.

    For a query at row `i`, column `j`, and a key at `i'`, `j'`, in each head of size `d`:
    `logits = (q . k + q . r_row[i' - i] + q . r_column[j' - j]) / sqrt(d)`,
    `attention = softmax(logits)` over the keys, and `output = attention v`
    (Srinivas et al., Bottleneck Transformers for Visual Recognition, arXiv:2101.11605,
    figure 4). As there, it has no residual and no projection after the heads.

    Args:
        heads: Number of heads; it must divide `filters` and `key_channels`.
        filters: Channels of the output and of the values; None for those of the input.
        key_channels: Channels of queries and of keys, all heads together; None for `filters`.
        stride: Side of the mean pool after the attention, 1 for none; at most the map's
            shorter side. Rows and columns left over at the end are dropped.
        scale_position: Whether `1 / sqrt(d)` scales the terms of the position too, as in the
            paper; in timm it does not by default.
        use_bias: Whether queries, keys and values have a bias.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`, of a known size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map with `filters` channels, its sides divided by `stride`; or
        `(output, attention)`, where `attention` has shape `(batch, head, query, key)` over the
        row-major pixels before the pool, sums to 1 over the keys, and is at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels or the size,
            if `x` has another rank, or if its size or number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = BotNetAttention(heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 35, 35))
    """

    attention_axes = ("batch", "head", "query", "key")
    attention_kind = "distribution"
    attention_sum_axes = ("key",)
    weights_without_gradient = ("key/bias",)  # the softmax over the keys takes it out
    fixed_size = True

    def __init__(
        self,
        heads=4,
        filters=None,
        key_channels=None,
        stride=1,
        scale_position=True,
        use_bias=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.heads = arguments.integer("heads", heads)
        self.filters = arguments.optional(arguments.integer, "filters", filters)
        self.key_channels = arguments.optional(arguments.integer, "key_channels", key_channels)
        self.stride = arguments.integer("stride", stride)
        self.scale_position = arguments.boolean("scale_position", scale_position)
        self.use_bias = arguments.boolean("use_bias", use_bias)
        self.keeps_shape = filters is None and stride == 1

    def build_for(self, shape):
        _, rows, columns, channels = shape
        arguments.integer("stride", self.stride, most=min(rows, columns))
        filters = self.filters or channels
        key_channels = self.key_channels or filters
        arguments.divides("heads", self.heads, filters, "filters")
        arguments.divides("heads", self.heads, key_channels, "key_channels")
        options = {"dtype": self.dtype_policy, "use_bias": self.use_bias}
        self.query = parts.dense("query", channels, key_channels, **options)
        self.key = parts.dense("key", channels, key_channels, **options)
        self.value = parts.dense("value", channels, filters, **options)
        relative.add_tables(self, rows, columns, key_channels // self.heads)

    def attend(self, x, training):
        queries, keys, values = self._projections(x)
        attention = dot_product.scores(queries, keys)
        return self._merged(dot_product.gather(attention, values), x), attention

    def output_of(self, x, training):
        return self._merged(dot_product.attend(*self._projections(x)), x)

    def scores_count(self, shape):
        return dot_product.scores_count(shape, self.heads)

    def get_config(self):
        return super().get_config() | {
            "heads": self.heads,
            "filters": self.filters,
            "key_channels": self.key_channels,
            "stride": self.stride,
            "scale_position": self.scale_position,
            "use_bias": self.use_bias,
        }

    def _projections(self, x):
        queries = relative.split_heads(self.query(x), self.heads, self.gate_dtype)
        keys = relative.split_heads(self.key(x), self.heads, self.gate_dtype)
        tables = self.row_positions, self.column_positions
        size = x.shape[1:3]
        scale = queries.shape[-1] ** -0.5
        queries, keys = relative.extend(
            queries, keys, scale, tables, size, size, self.scale_position
        )
        values = relative.split_heads(self.value(x), self.heads, x.dtype)
        return self.applied(queries), self.applied(keys), values

    def _merged(self, gathered, x):
        output = relative.merge_heads(gathered, x)
        if self.stride == 1:
            return output
        return ops.average_pool(
            output, self.stride, strides=self.stride, data_format="channels_last"
        )

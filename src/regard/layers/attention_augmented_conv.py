"""Attention-augmented convolution: a convolution, and beside it self-attention."""

import keras
from keras import ops

from regard.layers import arguments, dot_product, parts, relative
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class AttentionAugmentedConvolution(AttentionLayer):
    """Puts a convolution's channels and those of multi-head self-attention side by side.

    `output = [convolution(x); W (heads side by side)]`, where in each head of size `d`, for a
    query at row `i`, column `j`, and a key at `i'`, `j'`,
    `logits = (q . k + q . r_row[i' - i] + q . r_column[j' - j]) / sqrt(d)`,
    `attention = softmax(logits)` over the keys, and the head is `attention v`
    (Bello et al., Attention Augmented Convolutional Networks, arXiv:1904.09925, equations 1
    to 5). The heads share the two tables of relative positions.

    Args:
        filters: Channels of the output; None for those of the input.
        kernel_size: Side of the convolution's kernel.
        key_channels: Channels of queries and of keys, all heads together; None for a fifth of
            the output's, but at least 20 a head, as in the paper.
        value_channels: Channels of the output that are attention, at most `filters`, which
            leaves out the convolution; None for a tenth of the output's, but at least one
            a head.
        heads: Number of heads; it must divide `key_channels` and `value_channels`.
        relative: Whether there are relative positions. The size of the map must then be known.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the size of `x` with `filters` channels; or `(output, attention)`,
        where `attention` has shape `(batch, head, query, key)` over the row-major pixels, sums
        to 1 over the keys, and is at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the others, if `x` has
            another rank, if its number of channels is unknown, or, where `relative`, its size.

    Example:
        >>> import numpy as np
        >>> layer = AttentionAugmentedConvolution(heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 35, 35))
    """

    attention_axes = ("batch", "head", "query", "key")
    attention_kind = "distribution"
    attention_sum_axes = ("key",)
    weights_without_gradient = ("key/bias",)  # the softmax over the keys takes it out

    def __init__(
        self,
        filters=None,
        kernel_size=3,
        key_channels=None,
        value_channels=None,
        heads=8,
        relative=True,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.filters = arguments.optional(arguments.integer, "filters", filters)
        self.kernel_size = arguments.integer("kernel_size", kernel_size)
        self.key_channels = arguments.optional(arguments.integer, "key_channels", key_channels)
        self.value_channels = arguments.optional(
            arguments.integer, "value_channels", value_channels
        )
        self.heads = arguments.integer("heads", heads)
        self.relative = arguments.boolean("relative", relative)
        self.fixed_size = relative
        self.keeps_shape = filters is None

    def build_for(self, shape):
        _, rows, columns, channels = shape
        filters = self.filters or channels
        key_channels, value_channels = self._widths(filters)
        convolved = filters - value_channels
        self.convolution = convolved and parts.convolution(
            "convolution", shape, convolved, self.kernel_size, self.dtype_policy
        )
        self.query = parts.dense("query", channels, key_channels, self.dtype_policy)
        self.key = parts.dense("key", channels, key_channels, self.dtype_policy)
        self.value = parts.dense("value", channels, value_channels, self.dtype_policy)
        self.project = parts.dense("project", value_channels, value_channels, self.dtype_policy)
        if self.relative:
            relative.add_tables(self, rows, columns, key_channels // self.heads)

    def attend(self, x, training):
        queries, keys, values = self._projections(x)
        attention = dot_product.scores(queries, keys)
        return self._beside(dot_product.gather(attention, values), x), attention

    def output_of(self, x, training):
        return self._beside(dot_product.attend(*self._projections(x)), x)

    def scores_count(self, shape):
        return dot_product.scores_count(shape, self.heads)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "key_channels": self.key_channels,
            "value_channels": self.value_channels,
            "heads": self.heads,
            "relative": self.relative,
        }

    def _widths(self, filters):
        heads = self.heads
        key_channels = self.key_channels or heads * max(20, filters // 5 // heads)
        value_channels = self.value_channels or heads * max(1, filters // 10 // heads)
        if value_channels > filters:
            raise ValueError(
                f"value_channels={value_channels} is more than the {filters} channels of the "
                f"output. Choose at most {filters}, or fewer heads."
            )
        arguments.divides("heads", heads, key_channels, "key_channels")
        arguments.divides("heads", heads, value_channels, "value_channels")
        return key_channels, value_channels

    def _projections(self, x):
        queries = relative.split_heads(self.query(x), self.heads, self.gate_dtype)
        keys = relative.split_heads(self.key(x), self.heads, self.gate_dtype)
        scale = queries.shape[-1] ** -0.5
        if self.relative:
            tables, size = (self.row_positions, self.column_positions), x.shape[1:3]
            queries, keys = relative.extend(queries, keys, scale, tables, size, size)
        else:
            queries = queries * scale
        values = relative.split_heads(self.value(x), self.heads, x.dtype)
        return self.applied(queries), self.applied(keys), values

    def _beside(self, gathered, x):
        attended = self.project(relative.merge_heads(gathered, x))
        if not self.convolution:
            return attended
        return ops.concatenate([self.convolution(x), attended], axis=-1)

"""Stand-alone self-attention: each pixel attends to its neighbourhood."""

import keras
from keras import ops

from regard.layers import arguments, around, dot_product, parts, relative
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class StandAloneSelfAttention(AttentionLayer):
    """Lets each pixel gather values from the `kernel_size` x `kernel_size` pixels around it.

    In each head, for a query at row `i`, column `j`, and a key at `a`, `b`:
    `logits = q . (k + r)` with `r = [r_row[a - i]; r_column[b - j]]`,
    `attention = softmax(logits)` over the neighbourhood, and `output = attention v`
    (Ramachandran et al., Stand-Alone Self-Attention in Vision Models, arXiv:1906.05909,
    equation 3).

    The features beyond the border are zeros and take part in the softmax; their keys have the
    position, and the bias if there is one. The row's offset is in the first half of all
    channels and the column's in the second, before the heads are split.

    Args:
        filters: Channels of queries, keys, values and output, even; None for those of the input.
        kernel_size: Side of the neighbourhood, odd.
        heads: Number of heads; it must divide `filters`.
        use_bias: Whether queries, keys and values have a bias.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the size of `x` with `filters` channels; or `(output, attention)`,
        where `attention` has shape `(batch, head, row, column, position)`, with the
        neighbourhood's pixels row-major. It sums to 1 over them and is at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels, if `x` has
            another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = StandAloneSelfAttention(kernel_size=3, heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 5, 7, 9))
    """

    attention_axes = ("batch", "head", "row", "column", "position")
    attention_kind = "distribution"
    attention_sum_axes = ("position",)
    weights_without_gradient = ("key/bias",)  # the softmax over the neighbourhood takes it out

    def __init__(
        self,
        filters=None,
        kernel_size=7,
        heads=8,
        use_bias=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.filters = arguments.optional(arguments.integer, "filters", filters)
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
        self.heads = arguments.integer("heads", heads)
        self.use_bias = arguments.boolean("use_bias", use_bias)
        self.keeps_shape = filters is None

    def build_for(self, shape):
        channels = shape[-1]
        filters = self.filters or channels
        arguments.divides("heads", self.heads, filters, "filters")
        if filters % 2:
            raise ValueError(
                f"filters must be even, half for the row's offset and half for the column's, "
                f"not {filters}. Choose {filters - 1 or 2} or {filters + 1}."
            )
        options = {"dtype": self.dtype_policy, "use_bias": self.use_bias}
        self.query = parts.dense("query", channels, filters, **options)
        self.key = parts.dense("key", channels, filters, **options)
        self.value = parts.dense("value", channels, filters, **options)
        half = filters // 2
        self.row_positions = relative.add_table(self, "row_positions", self.kernel_size, half)
        self.column_positions = relative.add_table(self, "column_positions", self.kernel_size, half)

    def attend(self, x, training):
        padded = around.padded(x, self.kernel_size // 2)
        queries, keys = (
            ops.cast(layer(features), self.gate_dtype)
            for layer, features in ((self.query, x), (self.key, padded))
        )
        logits = around.scores(queries, keys, self.kernel_size, self.heads)
        logits = ops.swapaxes(logits + self._position_logits(queries), -1, -2)
        attention = self.applied(parts.softmax(logits))
        values = self.value(padded)
        weights = ops.swapaxes(ops.cast(attention, values.dtype), -1, -2)
        return around.gather(weights, values), ops.transpose(attention, (0, 3, 1, 2, 4))

    def scores_count(self, shape):
        return dot_product.scores_count(shape, self.heads, self.kernel_size**2)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "heads": self.heads,
            "use_bias": self.use_bias,
        }

    def _position_logits(self, queries):
        """What each query adds to each place, as `(batch, row, column, place, head)`."""
        k = self.kernel_size
        rows = ops.repeat(self.row_positions, k, axis=0)
        columns = ops.tile(self.column_positions, (k, 1))
        both = ops.concatenate([rows, columns], -1)
        of_head = around.channels_of_heads(self.heads, both)
        table = ops.reshape(ops.einsum("pc,hc->cph", both, of_head), (-1, k * k * self.heads))
        logits = ops.matmul(queries, table)
        return ops.reshape(logits, (*ops.shape(queries)[:3], k * k, self.heads))

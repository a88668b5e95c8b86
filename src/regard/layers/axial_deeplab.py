"""Axial attention of Axial-DeepLab: along one axis, with positions in logits and values."""

import keras
import numpy as np
from keras import ops

from regard.layers import arguments, dot_product, parts, relative
from regard.layers.base import AttentionLayer
from regard.layers.heads import merge, split

LINE = {"height": "column", "width": "row"}


@keras.saving.register_keras_serializable(package="regard")
class AxialDeeplabAttention(AttentionLayer):
    """Lets each pixel gather values and positions from its column, or from its row.

    With `q, k, v = batch_norm(W x)`, where queries and keys have half the channels of the
    values, in each head, for a query at `i` and a key at `j` of the same line:
    `logits = norm(q . k) + norm(q . r_q[j - i]) + norm(k . r_k[j - i])`,
    `attention = softmax(logits)` over the line, and
    `output = norm(sum attention v) + norm(sum attention r_v[j - i])`
    (Wang et al., Axial-DeepLab: Stand-Alone Axial-Attention for Panoptic Segmentation,
    arXiv:2003.07853, equation 4). The batch norms are those of the authors' code; those of the
    logits have no offset here, as the softmax takes it out.

    The heads share the positions. Their number is that of the offsets in a line, so the spatial
    size is fixed when the layer is built.

    Args:
        filters: Channels of the output; None for those of the input.
        heads: Number of heads; twice of it must divide `filters`.
        axis: `"height"` to attend along the columns, `"width"` along the rows.
        stride: Side of the squares over which the output is averaged, 1 for none; where the map
            is smaller, it is averaged whole.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`, of a known size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map with `filters` channels, rows and columns divided by `stride`; or
        `(output, attention)`, where `attention` has shape `(batch, column, head, query, key)`
        along the height and `(batch, row, head, query, key)` along the width. It sums to 1 over
        the keys and is at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels, if `x` has
            another rank, or if its spatial size or number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = AxialDeeplabAttention(heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 7, 2, 5, 5))
    """

    attention_axes = ("batch", "column", "head", "query", "key")
    attention_kind = "distribution"
    attention_sum_axes = ("key",)
    fixed_size = True

    def __init__(self, filters=None, heads=8, axis="height", stride=1, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.filters = arguments.optional(arguments.integer, "filters", filters)
        self.heads = arguments.integer("heads", heads)
        self.axis = arguments.one_of("axis", axis, tuple(LINE))
        self.stride = arguments.integer("stride", stride)
        self.attention_axes = ("batch", LINE[axis], "head", "query", "key")
        self.keeps_shape = filters is None and stride == 1

    def build_for(self, shape):
        channels, filters = shape[-1], self.filters or shape[-1]
        self._check_heads(filters)
        size, span = filters // self.heads, shape[1 if self.axis == "height" else 2]
        self.project = parts.dense(
            "project", channels, 2 * filters, self.dtype_policy, use_bias=False
        )
        self.norm = parts.batch_norm("norm", (*shape[:-1], 2 * filters), self.dtype_policy)
        for name, width in (("query", size // 2), ("key", size // 2), ("value", size)):
            table = relative.add_table(self, f"{name}_positions", 2 * span - 1, width)
            setattr(self, f"{name}_positions", table)
        logits = (None, None, self.heads, None, None)
        self.logit_norms = [
            parts.batch_norm(f"{name}_norm", logits, self.gate_dtype, axis=2, center=False)
            for name in ("content", "query", "key")
        ]
        self.output_norms = [
            parts.batch_norm(f"{name}_norm", (*shape[:-1], filters), self.dtype_policy)
            for name in ("gathered", "position")
        ]
        self.pool_size = tuple(min(self.stride, length) for length in shape[1:3])

    def attend(self, x, training):
        lines = self._swapped(x)
        projected = split(self.norm(self.project(lines), training=training), self.heads)
        size = projected.shape[-1] // 2
        queries, keys, values = ops.split(projected, [size // 2, size], axis=-1)
        attention = self.applied(self._attention(queries, keys, training))
        positions = ops.cast(_by_offset(self.value_positions, lines.shape[2]), values.dtype)
        gathered = (
            dot_product.gather(attention, values),
            ops.einsum("blhij,ijd->blhid", ops.cast(attention, values.dtype), positions),
        )
        output = self._swapped(
            sum(
                norm(merge(part), training=training)
                for norm, part in zip(self.output_norms, gathered, strict=True)
            )
        )
        if self.stride > 1:
            output = ops.average_pool(
                output, self.pool_size, self.pool_size, data_format="channels_last"
            )
        return output, attention

    def scores_count(self, shape):
        batch, rows, columns, _ = shape
        if None in (batch, rows, columns):
            return None
        return batch * self.heads * rows * columns * (rows if self.axis == "height" else columns)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "heads": self.heads,
            "axis": self.axis,
            "stride": self.stride,
        }

    def _attention(self, queries, keys, training):
        queries, keys = (ops.cast(part, self.gate_dtype) for part in (queries, keys))
        span = keys.shape[-2]
        logits = (
            ops.matmul(queries, ops.swapaxes(keys, -1, -2)),
            ops.einsum("blhid,ijd->blhij", queries, _by_offset(self.query_positions, span)),
            ops.einsum("blhjd,ijd->blhij", keys, _by_offset(self.key_positions, span)),
        )
        normed = (
            norm(part, training=training)
            for norm, part in zip(self.logit_norms, logits, strict=True)
        )
        return parts.softmax(sum(normed), axis=-1)

    def _swapped(self, x):
        """The lines along which the layer attends as rows, or back."""
        return ops.swapaxes(x, 1, 2) if self.axis == "height" else x

    def _check_heads(self, filters):
        arguments.divides("heads", self.heads, filters, "filters")
        if filters // self.heads % 2:
            raise ValueError(
                f"heads={self.heads} leaves {filters // self.heads} of the {filters} filters to "
                "a head, of which queries and keys have half. Choose heads so that it is even."
            )


def _by_offset(table, span):
    """The table's vectors for each query and key: `(span, span, size)`."""
    places = np.arange(span)
    return ops.take(table, places[None] - places[:, None] + span - 1, axis=0)

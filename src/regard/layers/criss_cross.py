"""Criss-cross attention: each pixel attends to its column and row."""

import math

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class CrissCrossAttention(AttentionLayer):
    """Adds to each pixel the values that it gathers from its column and its row.

    `attention = softmax(q . k)` over the pixels of the query's column and row together, its own
    once, and `output = x + gamma (attention v)`; this `recurrence` times with the same weights,
    so that after two times each pixel has seen all others
    (Huang et al., CCNet: Criss-Cross Attention for Semantic Segmentation, arXiv:1811.11721,
    equations 1 and 2).

    As in the authors' code, queries, keys and values have biases and `gamma` starts at 0, so the
    untrained layer is the identity; the paper has neither. Time and memory are in proportion to
    `pixels (rows + columns)`, with and without attention returned.

    Args:
        reduction_ratio: Channels per channel of queries and keys.
        key_channels: Channels of queries and keys, in place of `reduction_ratio`.
        recurrence: How often the layer is applied.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, row, column, position)`: first the rows of the query's column, with 0 for its
        own, then the columns of its row. It sums to 1 over the positions and is at least
        float32. With a `recurrence` above 1 it is a dictionary of `attention_1`, `attention_2`
        and so on.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels or fewer than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = CrissCrossAttention(recurrence=1, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 5, 7, 12))
    """

    attention_axes = ("batch", "row", "column", "position")
    attention_kind = "distribution"
    attention_sum_axes = ("position",)
    starts_as_identity = True
    weights_without_gradient = ("key/bias",)  # the softmax over the positions takes it out

    def __init__(
        self, reduction_ratio=8, key_channels=None, recurrence=2, data_format=None, **kwargs
    ):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.key_channels = arguments.optional(arguments.integer, "key_channels", key_channels)
        self.recurrence = arguments.integer("recurrence", recurrence)
        if recurrence > 1:
            axes = self.attention_axes
            self.attention_axes = {f"attention_{n + 1}": axes for n in range(recurrence)}

    def build_for(self, shape):
        channels = shape[-1]
        size = self.key_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        self.query = parts.dense("query", channels, size, self.dtype_policy)
        self.key = parts.dense("key", channels, size, self.dtype_policy)
        self.value = parts.dense("value", channels, channels, self.dtype_policy)
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def attend(self, x, training):
        maps = []
        for _ in range(self.recurrence):
            x, attention = self._once(x)
            maps.append(attention)
        if self.recurrence == 1:
            return x, maps[0]
        return x, dict(zip(self.attention_axes, maps, strict=True))

    def scores_count(self, shape):
        if None in shape:
            return None
        return self.recurrence * math.prod(shape[:3]) * (shape[1] + shape[2])

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "key_channels": self.key_channels,
            "recurrence": self.recurrence,
        }

    def _once(self, x):
        queries = ops.cast(self.query(x), self.gate_dtype)
        keys = ops.cast(self.key(x), self.gate_dtype)
        values, rows = self.value(x), ops.shape(x)[1]
        row = ops.arange(rows)
        in_column = ops.where(
            ops.expand_dims(row, (1, 2)) == row,
            -math.inf,
            ops.einsum("bijc,bkjc->bijk", queries, keys),
        )
        in_row = ops.einsum("bijc,bikc->bijk", queries, keys)
        attention = self.applied(parts.softmax(ops.concatenate([in_column, in_row], axis=-1)))
        weights = ops.cast(attention, values.dtype)
        from_column = ops.einsum("bijk,bkjc->bijc", weights[..., :rows], values)
        from_row = ops.einsum("bijk,bikc->bijc", weights[..., rows:], values)
        return x + self.gamma * (from_column + from_row), attention

"""Coordinate attention: a gate a row and a gate a column, for each channel."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer

_LEAST_WIDTH = 8


@keras.saving.register_keras_serializable(package="regard")
class CoordinateAttention(AttentionLayer):
    """Gates each value by its row and by its column, computed from all rows and columns together.

    With the means of each row and of each column one after the other,
    `hidden = hard_swish(batch_norm(W [rows; columns] + b))`, which is split again into
    `row = sigmoid(Wr hidden + br)` and `column = sigmoid(Wc hidden + bc)`, and
    `output = row * column * x` (Hou et al., Coordinate Attention for Efficient Mobile Network
    Design, arXiv:2103.02907, equations 4 to 8).

    Args:
        reduction_ratio: Channels per hidden unit, an integer of at least 1; there are at least 8
            hidden units.
        reduced_channels: Number of hidden units, at least 1, in place of `reduction_ratio`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, height, width, channels)` or
            `(batch, channels, height, width)` of any size.
        training: Whether the batch normalisation uses the batch's statistics, which are those of
            rows and columns together.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The gated feature map, of the shape of `x`; or `(output, attention)`, where `attention`
        has the maps `row` of shape `(batch, height, channels)` and `column` of shape
        `(batch, width, channels)`, values in 0…1, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, or if `x` has another rank or an unknown
            number of channels.

    Example:
        >>> import numpy as np
        >>> layer = CoordinateAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(attention["row"].shape), tuple(attention["column"].shape)
        ((2, 5, 8), (2, 7, 8))
    """

    attention_axes: ClassVar = {
        "row": ("batch", "row", "channel"),
        "column": ("batch", "column", "channel"),
    }
    weights_without_gradient = ("reduce/bias",)  # the batch normalisation takes it out

    def __init__(self, reduction_ratio=32, reduced_channels=None, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )

    def build_for(self, shape):
        channels = shape[-1]
        hidden = self.reduced_channels or max(channels // self.reduction_ratio, _LEAST_WIDTH)
        options = {"dtype": self.gate_dtype}
        self.reduce = parts.dense("reduce", channels, hidden, **options)
        self.norm = parts.batch_norm("norm", (None, None, hidden), **options)
        self.row = parts.dense("row", hidden, channels, activation="sigmoid", **options)
        self.column = parts.dense("column", hidden, channels, activation="sigmoid", **options)

    def attend(self, x, training):
        precise = ops.cast(x, self.gate_dtype)
        means = ops.concatenate([ops.mean(precise, axis=2), ops.mean(precise, axis=1)], axis=1)
        hidden = ops.hard_silu(self.norm(self.reduce(means), training=training))
        height = ops.shape(x)[1]
        row, column = self.row(hidden[:, :height]), self.column(hidden[:, height:])
        row, column = self.applied(row), self.applied(column)
        output = x * ops.cast(row, x.dtype)[:, :, None] * ops.cast(column, x.dtype)[:, None]
        return output, {"row": row, "column": column}

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
        }

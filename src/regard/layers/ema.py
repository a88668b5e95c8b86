"""Efficient multi-scale attention: a gate a pixel for each group of channels."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class EfficientMultiScaleAttention(AttentionLayer):
    """Gates each group of channels by pixel, from a branch of lines and a 3 x 3 branch.

    For each group of channels `x`, with weights that the groups share:
    `row = sigmoid(W mean_columns(x) + b)`, `column = sigmoid(W mean_rows(x) + b)`,
    `b1 = instance_norm(row * column * x)`, `b2 = conv3x3(x)`;
    `cross_n = softmax_channels(mean_pixels(b_n))`,
    `spatial = sigmoid(cross_1 . b2 + cross_2 . b1)` and `output = spatial * x`
    (Ouyang et al., Efficient Multi-Scale Attention Module with Cross-Spatial Learning,
    arXiv:2305.13563).

    The mean of `b1` is the offset of its norm, so that `cross_1` is the same for every image.

    Args:
        groups: Number of groups of channels.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`, of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        The gated feature map, of the shape of `x`; or `(output, attention)`, where `attention`
        holds, of at least float32 precision, the gates `spatial` of shape
        `(batch, groups, row, column)`, `row` of shape `(batch, groups, row, channels / groups)`
        and `column` of shape `(batch, groups, column, channels / groups)`, and `cross_1` and
        `cross_2` of shape `(batch, groups, channels / groups)`, which sum to one over the last.

    Raises:
        ValueError: If `groups` is out of range or does not divide the channels, or if `x` has
            another rank or an unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = EfficientMultiScaleAttention(groups=4, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention["spatial"].shape)
        ((2, 5, 7, 8), (2, 4, 5, 7))
    """

    attention_axes: ClassVar = {
        "spatial": ("batch", "group", "row", "column"),
        "row": ("batch", "group", "row", "channel"),
        "column": ("batch", "group", "column", "channel"),
        "cross_1": ("batch", "group", "channel"),
        "cross_2": ("batch", "group", "channel"),
    }
    attention_kind: ClassVar = {
        "spatial": "gate",
        "row": "gate",
        "column": "gate",
        "cross_1": "distribution",
        "cross_2": "distribution",
    }
    attention_sum_axes: ClassVar = {
        "spatial": (),
        "row": (),
        "column": (),
        "cross_1": ("channel",),
        "cross_2": ("channel",),
    }

    def __init__(self, groups=32, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.groups = arguments.integer("groups", groups)

    def build_for(self, shape):
        arguments.divides("groups", self.groups, shape[-1])
        channels = shape[-1] // self.groups
        folded = (None, *shape[1:3], channels)
        self.mix = parts.dense("mix", channels, channels, self.gate_dtype, activation="sigmoid")
        norm = keras.layers.GroupNormalization(
            channels, epsilon=parts.EPSILON, dtype=self.gate_dtype, name="norm"
        )
        self.norm = parts.built(norm, folded)
        self.local = parts.convolution("local", folded, channels, 3, self.dtype_policy)

    def attend(self, x, training):
        shape = ops.shape(x)
        grouped = ops.reshape(x, (*shape[:3], self.groups, x.shape[-1] // self.groups))
        attention = self._attention(ops.moveaxis(grouped, 3, 1))
        gate = ops.expand_dims(ops.moveaxis(attention["spatial"], 1, -1), -1)
        return ops.reshape(grouped * ops.cast(gate, x.dtype), shape), attention

    def get_config(self):
        return super().get_config() | {"groups": self.groups}

    def _attention(self, grouped):
        """Returns the maps for `(batch, group, row, column, channel)`; the groups are images."""
        folded = ops.reshape(grouped, (-1, *ops.shape(grouped)[2:]))
        precise = ops.cast(folded, self.gate_dtype)
        row, column = (self.mix(ops.mean(precise, axis=axis)) for axis in (2, 1))
        lines = self.norm(precise * ops.expand_dims(row, 2) * ops.expand_dims(column, 1))
        local = ops.cast(self.local(folded), self.gate_dtype)
        cross_1, cross_2 = (
            parts.softmax(ops.mean(branch, axis=(1, 2)), axis=-1) for branch in (lines, local)
        )
        spatial = ops.sigmoid(_weighted(cross_1, local) + _weighted(cross_2, lines))
        maps = zip(self.attention_axes, (spatial, row, column, cross_1, cross_2), strict=True)
        return {name: self._by_group(value) for name, value in maps}

    def _by_group(self, folded):
        return self.applied(ops.reshape(folded, (-1, self.groups, *ops.shape(folded)[1:])))


def _weighted(weights, branch):
    return ops.sum(ops.expand_dims(weights, (1, 2)) * branch, axis=-1)

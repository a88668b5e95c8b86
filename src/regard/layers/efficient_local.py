"""Efficient local attention: a gate a row and a gate a column, each from its neighbours."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class EfficientLocalAttention(AttentionLayer):
    """Gates each value by its row and by its column, computed from the rows or columns nearby.

    `row = sigmoid(group_norm(convolution(rows)))` of the means of each row, `column` likewise of
    the means of each column, and `output = row * column * x` (Xu and Wan, ELA: Efficient Local
    Attention for Deep Convolutional Neural Networks, arXiv:2403.01123, section 3). As in the
    code in use, rows and columns share the weights. The number of channels is not reduced.

    The defaults are the paper's ELA-B. ELA-T has `kernel_size=5, norm_groups=32`; ELA-S and
    ELA-L have `groups=channels // 8` and a `kernel_size` of 5 and 7.

    Args:
        kernel_size: Size of the convolution's kernel along the rows or columns, odd.
        groups: Number of groups of the convolution, a divisor of the channels; by default one a
            channel.
        norm_groups: Number of groups of the normalisation, a divisor of the channels.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, height, width, channels)` or
            `(batch, channels, height, width)` of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The gated feature map, of the shape of `x`; or `(output, attention)`, where `attention`
        has the maps `row` of shape `(batch, height, channels)` and `column` of shape
        `(batch, width, channels)`, values in 0…1, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if its number of
            channels is unknown or not a multiple of `groups` or of `norm_groups`.

    Example:
        >>> import numpy as np
        >>> layer = EfficientLocalAttention(norm_groups=4, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(attention["row"].shape), tuple(attention["column"].shape)
        ((2, 5, 8), (2, 7, 8))
    """

    attention_axes: ClassVar = {
        "row": ("batch", "row", "channel"),
        "column": ("batch", "column", "channel"),
    }

    def __init__(self, kernel_size=7, groups=None, norm_groups=16, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
        self.groups = arguments.optional(arguments.integer, "groups", groups)
        self.norm_groups = arguments.integer("norm_groups", norm_groups)

    def build_for(self, shape):
        channels = shape[-1]
        groups = self.groups or channels
        arguments.divides("groups", groups, channels)
        arguments.divides("norm_groups", self.norm_groups, channels)
        line = (None, None, channels)
        size, options = self.kernel_size, {"dtype": self.gate_dtype, "use_bias": False}
        if groups == channels:
            self.convolution = parts.depthwise("convolution", line, size, **options)
        else:
            self.convolution = parts.convolution(
                "convolution", line, channels, size, groups=groups, **options
            )
        norm = keras.layers.GroupNormalization(
            self.norm_groups, epsilon=parts.EPSILON, dtype=self.gate_dtype, name="norm"
        )
        self.norm = parts.built(norm, line)

    def attend(self, x, training):
        precise = ops.cast(x, self.gate_dtype)
        row = self._gate(ops.mean(precise, axis=2))
        column = self._gate(ops.mean(precise, axis=1))
        output = x * ops.cast(row, x.dtype)[:, :, None] * ops.cast(column, x.dtype)[:, None]
        return output, {"row": row, "column": column}

    def _gate(self, line):
        return self.applied(ops.sigmoid(self.norm(self.convolution(line))))

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "groups": self.groups,
            "norm_groups": self.norm_groups,
        }

"""Efficient channel attention: each channel's gate from its neighbours among the channels."""

import math

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.channel_gate import ChannelGate, spatial_means


@keras.saving.register_keras_serializable(package="regard")
class EfficientChannelAttention(ChannelGate):
    """Scales each channel by a gate from the means of the channels next to it.

    `gate = sigmoid(conv(mean(x)))` and `output = gate * x`, where `conv` slides one filter of
    `kernel_size` weights along the channels, with zeros beyond the first and the last
    (Wang et al., ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks,
    arXiv:1910.03151).

    Args:
        kernel_size: Number of channels that a gate depends on, odd; by default from the number
            of channels as in the paper, `t = floor((log2(channels) + 1) / 2)` or, where that is
            even, `t + 1`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The scaled feature map, of the shape of `x`; or `(output, attention)`, where
        `attention` has shape `(batch, channels)`, values in 0…1, of at least float32 precision.

    Raises:
        ValueError: If `kernel_size` is not odd, if `x` has another rank, or if it has an
            unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = EfficientChannelAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8))
    """

    def __init__(self, kernel_size=None, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.kernel_size = arguments.optional(arguments.odd, "kernel_size", kernel_size)

    def build_for(self, shape):
        channels = shape[-1]
        self.project = parts.convolution(
            "project",
            (None, channels, 1),
            1,
            self.kernel_size or _adapted(channels),
            self.gate_dtype,
            use_bias=False,
            activation="sigmoid",
        )

    def gate(self, x, training):
        return ops.squeeze(self.project(ops.expand_dims(spatial_means(x), -1)), -1)

    def get_config(self):
        return super().get_config() | {"kernel_size": self.kernel_size}


def _adapted(channels):
    size = int((math.log2(channels) + 1) / 2)
    return size if size % 2 else size + 1

"""Linear context transform: each channel's gate from its mean, normalised within its group."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.channel_gate import ChannelGate, spatial_means, standardised


@keras.saving.register_keras_serializable(package="regard")
class LinearContextTransform(ChannelGate):
    """Scales each channel by a gate from its mean, normalised among the channels of its group.

    `gate = sigmoid(scale * norm(mean(x)) + bias)` and `output = gate * x`, where `norm` takes
    off the mean and divides by the standard deviation, `sqrt(variance + 1e-5)`, over the channels
    of a group, and each channel has its own `scale`, 0 at the start, and `bias`, 1 at the start
    (Ruan et al., Linear Context Transform Block, arXiv:1909.03834).

    Args:
        groups: Number of groups of channels, at least 1, which must divide the channels. With one
            channel a group the gates do not depend on the input.
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
        ValueError: If `groups` is less than 1, if `x` has another rank, or if its number of
            channels is unknown or not a multiple of `groups`.

    Example:
        >>> import numpy as np
        >>> layer = LinearContextTransform(groups=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8))
    """

    def __init__(self, groups=64, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.groups = arguments.integer("groups", groups)

    def build_for(self, shape):
        channels = shape[-1]
        arguments.divides("groups", self.groups, channels)
        options = {"shape": (channels,), "dtype": self.gate_dtype, "autocast": False}
        self.scale = self.add_weight(name="scale", initializer="zeros", **options)
        self.bias = self.add_weight(name="bias", initializer="ones", **options)

    def gate(self, x, training):
        channels = x.shape[-1]
        grouped = ops.reshape(spatial_means(x), (-1, self.groups, channels // self.groups))
        context = ops.reshape(standardised(grouped, parts.EPSILON), (-1, channels))
        return ops.sigmoid(self.scale * context + self.bias)

    def get_config(self):
        return super().get_config() | {"groups": self.groups}

"""Gated channel transformation: channels compete or help each other by their norms."""

import keras
from keras import ops

from regard.layers import parts
from regard.layers.channel_gate import ChannelGate, spatial_axes


@keras.saving.register_keras_serializable(package="regard")
class GatedChannelTransformation(ChannelGate):
    """Scales each channel by a gate from its norm among the norms of all channels.

    `s = alpha sqrt(sum(x^2) + 1e-5)` over the pixels of each channel,
    `gate = 1 + tanh(gamma sqrt(channels) s / sqrt(sum(s^2) + 1e-5) + beta)` with the sum over the
    channels, and `output = gate * x`
    (Yang et al., Gated Channel Transformation for Visual Recognition, arXiv:1909.11519). Each
    channel has its own `alpha`, 1 at the start, `gamma` and `beta`, 0 at the start, so that the
    untrained layer is the identity. A positive `gamma` lets the channels compete.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The scaled feature map, of the shape of `x`; or `(output, attention)`, where
        `attention` has shape `(batch, channels)`, values in 0…2, of at least float32 precision.

    Raises:
        ValueError: If `x` has another rank or an unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = GatedChannelTransformation(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8))
    """

    attention_range = (0.0, 2.0)
    starts_as_identity = True

    def build_for(self, shape):
        options = {"shape": shape[-1:], "dtype": self.gate_dtype, "autocast": False}
        self.alpha = self.add_weight(name="alpha", initializer="ones", **options)
        self.gamma = self.add_weight(name="gamma", initializer="zeros", **options)
        self.beta = self.add_weight(name="beta", initializer="zeros", **options)

    def gate(self, x, training):
        squares = ops.sum(ops.square(x), axis=spatial_axes(x))
        norms = self.alpha * ops.sqrt(squares + parts.EPSILON)
        total = ops.sum(ops.square(norms), axis=-1, keepdims=True) + parts.EPSILON
        shares = norms * x.shape[-1] ** 0.5 / ops.sqrt(total)
        return 1 + ops.tanh(self.gamma * shares + self.beta)

"""Style-based recalibration: each channel's gate from its own mean and deviation."""

import keras
from keras import ops

from regard.layers import parts
from regard.layers.channel_gate import ChannelGate, deviations, spatial_axes, spatial_means


@keras.saving.register_keras_serializable(package="regard")
class StyleRecalibration(ChannelGate):
    """Scales each channel by a gate from its own mean and standard deviation.

    `gate = sigmoid(batch_norm(v mean(x) + w std(x)))` and `output = gate * x`, with one `v` and
    one `w` a channel, 0 at the start
    (Lee et al., SRM: A Style-based Recalibration Module for Convolutional Neural Networks,
    arXiv:1903.10829).

    As in the paper's code, `std = sqrt(variance + 1e-5)` with the unbiased variance, over one
    pixel less than there are; a single pixel has variance 0.

    Args:
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
        ValueError: If `x` has another rank or an unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = StyleRecalibration(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8))
    """

    def build_for(self, shape):
        channels = shape[-1]
        self.style = self.add_weight(
            name="style",
            shape=(2, channels),
            initializer="zeros",
            dtype=self.gate_dtype,
            autocast=False,
        )
        self.norm = parts.batch_norm("norm", (None, channels), self.gate_dtype)

    def gate(self, x, training):
        _, variances = deviations(x)
        spreads = ops.sqrt(ops.squeeze(variances, spatial_axes(x)) + parts.EPSILON)
        style = self.style[0] * spatial_means(x) + self.style[1] * spreads
        return ops.sigmoid(self.norm(style, training=training))

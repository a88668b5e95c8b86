"""SimAM: a gate for each value, from how far it stands out of its channel, without weights."""

import keras
from keras import ops

from regard.layers import arguments
from regard.layers.base import AttentionLayer
from regard.layers.channel_gate import deviations


@keras.saving.register_keras_serializable(package="regard")
class SimAM(AttentionLayer):
    """Scales each value by a gate that grows with its distance from its channel's mean.

    `gate = sigmoid((x - mean)^2 / (4 (variance + regularization)) + 1/2)` and
    `output = gate * x`, with the unbiased variance of each channel of each image, over one pixel
    less than there are (Yang et al., SimAM: A Simple, Parameter-Free Attention Module for
    Convolutional Neural Networks, ICML 2021, PMLR 139). The layer has no weights. A map of a
    single pixel has variance 0, where the paper's formula divides by zero.

    Args:
        regularization: The paper's lambda, added to the variance, above 0.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The scaled feature map, of the shape of `x`; or `(output, attention)`, where
        `attention` has shape `(batch, *spatial, channels)`, values in 0.62…1, of at least
        float32 precision.

    Raises:
        ValueError: If `regularization` is not above 0, if `x` has another rank, or if it has an
            unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = SimAM(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 5, 7, 8))
    """

    attention_axes = ("batch", "row", "column", "channel")
    ranks = (3, 4, 5)

    def __init__(self, regularization=1e-4, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.regularization = arguments.number("regularization", regularization, above=0)

    def attend(self, x, training):
        squares, variances = deviations(ops.cast(x, self.gate_dtype))
        attention = ops.sigmoid(squares / (4 * (variances + self.regularization)) + 0.5)
        attention = self.applied(attention)
        return x * ops.cast(attention, x.dtype), attention

    def get_config(self):
        return super().get_config() | {"regularization": self.regularization}

"""Gaussian context: a channel's gate falls with its mean's distance from that of all channels."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.channel_gate import ChannelGate, spatial_means, standardised


@keras.saving.register_keras_serializable(package="regard")
class GaussianContext(ChannelGate):
    """Scales each channel by a Gaussian of its mean, normalised among the channels.

    `gate = exp(-norm(mean(x))^2 / (2 c^2))` and `output = gate * x`, where `norm` takes off the
    mean and divides by the standard deviation, `sqrt(variance + 1e-5)`, over all channels
    (Ruan et al., Gaussian Context Transformer, CVPR 2021). The default is the paper's GCT-B0,
    which has no weights. `standard_deviation=None` gives its GCT-B1, where
    `c = lowest + (highest - lowest) * sigmoid(theta)` with one learned `theta`, 0 at the start.
    The paper adds its small constant to the standard deviation and not under the root.

    Args:
        standard_deviation: `c`, above 0; or None to learn it.
        lowest: Least `c` that can be learned, above 0.
        highest: Greatest `c` that can be learned, above `lowest`.
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
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = GaussianContext(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8))
    """

    def __init__(self, standard_deviation=2.0, lowest=1.0, highest=4.0, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.standard_deviation = (
            None
            if standard_deviation is None
            else arguments.number("standard_deviation", standard_deviation, above=0)
        )
        self.lowest = arguments.number("lowest", lowest, above=0)
        self.highest = arguments.number("highest", highest, above=self.lowest)

    def build_for(self, shape):
        if self.standard_deviation is None:
            self.theta = self.add_weight(
                name="theta",
                shape=(),
                initializer="zeros",
                dtype=self.gate_dtype,
                autocast=False,
            )

    def gate(self, x, training):
        context = standardised(spatial_means(x), parts.EPSILON)
        return ops.exp(-ops.square(context / self._deviation()) / 2)

    def _deviation(self):
        if self.standard_deviation is not None:
            return self.standard_deviation
        return self.lowest + (self.highest - self.lowest) * ops.sigmoid(self.theta)

    def get_config(self):
        return super().get_config() | {
            "standard_deviation": self.standard_deviation,
            "lowest": self.lowest,
            "highest": self.highest,
        }

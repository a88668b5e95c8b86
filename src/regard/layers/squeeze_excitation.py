"""Squeeze-and-excitation: one gate a channel, from the feature map as a whole."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class SqueezeExcitation(AttentionLayer):
    """Scales each channel by a gate computed from the means of all channels.

    `gate = sigmoid(W2 relu(W1 mean(x) + b1) + b2)` and `output = gate * x`
    (Hu et al., Squeeze-and-Excitation Networks, arXiv:1709.01507, equations 2 to 4).

    Args:
        reduction_ratio: Channels per hidden unit, an integer of at least 1.
        reduced_channels: Number of hidden units, at least 1, in place of `reduction_ratio`.
        use_bias: Whether there are `b1` and `b2`.
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
            unknown number of channels or fewer than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = SqueezeExcitation(reduction_ratio=4, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8))
    """

    attention_axes = ("batch", "channel")
    ranks = (3, 4, 5)

    def __init__(
        self,
        reduction_ratio=16,
        reduced_channels=None,
        use_bias=True,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.use_bias = arguments.boolean("use_bias", use_bias)

    def build_for(self, shape):
        channels = shape[-1]
        hidden = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        options = {"dtype": self.gate_dtype, "use_bias": self.use_bias}
        self.reduce = parts.dense("reduce", channels, hidden, activation="relu", **options)
        self.expand = parts.dense("expand", hidden, channels, activation="sigmoid", **options)

    def attend(self, x, training):
        spatial = tuple(range(1, len(x.shape) - 1))
        means = ops.mean(ops.cast(x, self.gate_dtype), axis=spatial)
        attention = self.applied(self.expand(self.reduce(means)))
        return x * ops.expand_dims(ops.cast(attention, x.dtype), spatial), attention

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
            "use_bias": self.use_bias,
        }

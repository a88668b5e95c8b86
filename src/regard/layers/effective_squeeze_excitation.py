"""Effective squeeze-and-excitation: squeeze-and-excitation by one dense map, unreduced."""

import keras

from regard.layers import arguments, parts
from regard.layers.channel_gate import ChannelGate, spatial_means


@keras.saving.register_keras_serializable(package="regard")
class EffectiveSqueezeExcitation(ChannelGate):
    """Scales each channel by a gate computed by one dense map from the means of all channels.

    `gate = activation(W mean(x) + b)` and `output = gate * x`
    (Lee and Park, CenterMask: Real-Time Anchor-Free Instance Segmentation, arXiv:1911.06667).
    No channel is lost on the way, as there is no bottleneck. The paper writes the activation as
    a sigmoid; its code has the hard sigmoid, `relu6(z + 3) / 6`, which is the default here.

    Args:
        activation: `"hard_sigmoid"` or `"sigmoid"`.
        use_bias: Whether there is `b`.
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
        ValueError: If an argument is not one of its choices, if `x` has another rank, or if it
            has an unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = EffectiveSqueezeExcitation(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8))
    """

    def __init__(self, activation="hard_sigmoid", use_bias=True, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.activation = arguments.one_of("activation", activation, ("hard_sigmoid", "sigmoid"))
        self.use_bias = arguments.boolean("use_bias", use_bias)

    def build_for(self, shape):
        options = {"activation": self.activation, "use_bias": self.use_bias}
        self.project = parts.dense("project", shape[-1], shape[-1], self.gate_dtype, **options)

    def gate(self, x, training):
        return self.project(spatial_means(x))

    def get_config(self):
        return super().get_config() | {"activation": self.activation, "use_bias": self.use_bias}

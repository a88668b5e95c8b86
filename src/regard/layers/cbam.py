"""CBAM: a gate a channel, then a gate a place."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer
from regard.layers.pooled_gate import PooledGate


@keras.saving.register_keras_serializable(package="regard")
class ConvolutionalBlockAttention(AttentionLayer):
    """Gates the channels by their means and maxima, then the places by those over the channels.

    `channel = sigmoid(mlp(mean(x)) + mlp(max(x)))` over the places, `u = channel * x`,
    `spatial = sigmoid(batch_norm(convolution([max(u); mean(u)])))` over the channels, and
    `output = spatial * u` (Woo et al., CBAM: Convolutional Block Attention Module,
    arXiv:1807.06521, equations 1 to 4). `mlp(v) = W2 relu(W1 v + b1) + b2` is one for both.

    As in the authors' code, and unlike the paper's formula, a batch normalisation follows the
    convolution, and the maxima come before the means.

    Args:
        reduction_ratio: Channels per hidden unit, an integer of at least 1.
        reduced_channels: Number of hidden units, at least 1, in place of `reduction_ratio`.
        kernel_size: Size of the convolution's kernel, odd.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The gated feature map, of the shape of `x`; or `(output, attention)`, where `attention`
        has the maps `channel` of shape `(batch, channels)` and `spatial` of shape
        `(batch, *spatial)`, values in 0…1, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels or fewer than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = ConvolutionalBlockAttention(reduction_ratio=4, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(attention["channel"].shape), tuple(attention["spatial"].shape)
        ((2, 8), (2, 5, 7))
    """

    attention_axes: ClassVar = {
        "channel": ("batch", "channel"),
        "spatial": ("batch", "row", "column"),
    }
    ranks = (3, 4, 5)

    def __init__(
        self,
        reduction_ratio=16,
        reduced_channels=None,
        kernel_size=7,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.kernel_size = arguments.odd("kernel_size", kernel_size)

    def build_for(self, shape):
        channels = shape[-1]
        hidden = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        self.reduce = parts.dense("reduce", channels, hidden, self.gate_dtype, activation="relu")
        self.expand = parts.dense("expand", hidden, channels, self.gate_dtype)
        gate = PooledGate(self.kernel_size, dtype=self.gate_dtype, name="spatial")
        self.spatial = parts.built(gate, shape)

    def attend(self, x, training):
        channel = self.applied(self._channel_gate(ops.cast(x, self.gate_dtype)))
        places = tuple(range(1, len(x.shape) - 1))
        refined = x * ops.expand_dims(ops.cast(channel, x.dtype), places)
        spatial = self.applied(self.spatial(refined, axis=-1, training=training))
        output = refined * ops.expand_dims(ops.cast(spatial, x.dtype), -1)
        return output, {"channel": channel, "spatial": spatial}

    def _channel_gate(self, x):
        places = tuple(range(1, len(x.shape) - 1))
        pools = ops.mean(x, axis=places), ops.max(x, axis=places)
        return ops.sigmoid(sum(self.expand(self.reduce(pool)) for pool in pools))

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
            "kernel_size": self.kernel_size,
        }

"""Concurrent spatial and channel squeeze and excitation."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class SpatialChannelSqueezeExcitation(AttentionLayer):
    """Joins a copy of the map whose channels are gated and one whose places are gated.

    `channel = sigmoid(W2 relu(W1 mean(x) + b1) + b2)` over the places,
    `spatial = sigmoid(w x + b)` at each place, and `output = max(channel * x, spatial * x)`,
    value by value (Roy et al., Concurrent Spatial and Channel Squeeze & Excitation in Fully
    Convolutional Networks, arXiv:1803.02579, equations 2 to 6).

    The paper adds the two copies; the maximum, of the authors' later code, is the default. Of a
    negative value it keeps the one with the smaller gate.

    Args:
        reduction_ratio: Channels per hidden unit, an integer of at least 1.
        reduced_channels: Number of hidden units, at least 1, in place of `reduction_ratio`.
        combine: `"max"` or `"add"`.
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
        >>> layer = SpatialChannelSqueezeExcitation(data_format="channels_last")
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
        reduction_ratio=2,
        reduced_channels=None,
        combine="max",
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.combine = arguments.one_of("combine", combine, ("max", "add"))

    def build_for(self, shape):
        channels = shape[-1]
        hidden = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        options = {"dtype": self.gate_dtype}
        self.reduce = parts.dense("reduce", channels, hidden, activation="relu", **options)
        self.expand = parts.dense("expand", hidden, channels, activation="sigmoid", **options)
        self.spatial = parts.dense("spatial", channels, 1, self.dtype_policy)

    def attend(self, x, training):
        places = tuple(range(1, len(x.shape) - 1))
        channel = self.expand(self.reduce(ops.mean(ops.cast(x, self.gate_dtype), axis=places)))
        channel = self.applied(channel)
        spatial = self.applied(ops.sigmoid(ops.cast(self.spatial(x), self.gate_dtype)))
        copies = [
            x * ops.cast(gate, x.dtype) for gate in (ops.expand_dims(channel, places), spatial)
        ]
        output = ops.maximum(*copies) if self.combine == "max" else ops.add(*copies)
        return output, {"channel": channel, "spatial": ops.squeeze(spatial, axis=-1)}

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
            "combine": self.combine,
        }

"""Shuffle attention: in each group of channels, half gated by channel and half by place."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class ShuffleAttention(AttentionLayer):
    """Gates one half of each group of channels by its means, the other by its normalised values.

    `channel = sigmoid(w mean(x0) + b)` for the first half of a group,
    `spatial = sigmoid(v (gamma norm(x1) + beta) + c)` for the second, where `norm` is over the
    places of each channel; the gated halves are joined and all channels shuffled in two: output
    channel `2 i + s` is number `s channels / 2 + i` of the joined (Zhang and Yang, SA-Net: Shuffle
    Attention for Deep Convolutional Neural Networks, arXiv:2102.00240, equations 1 to 4). The
    weights are shared by the groups.

    Args:
        groups: Number of groups; twice the number divides the channels.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The gated feature map, of the shape of `x`; or `(output, attention)`, where `attention`
        has the maps `channel` of shape `(batch, groups, channels / (2 groups))`, of the first
        half of each group, and `spatial` of shape
        `(batch, groups, *spatial, channels / (2 groups))`, of the second, values in 0…1, of at
        least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if its number of
            channels is unknown, odd, or not a multiple of `2 * groups`.

    Example:
        >>> import numpy as np
        >>> layer = ShuffleAttention(groups=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(attention["channel"].shape), tuple(attention["spatial"].shape)
        ((2, 2, 2), (2, 2, 5, 7, 2))
    """

    attention_axes: ClassVar = {
        "channel": ("batch", "group", "channel"),
        "spatial": ("batch", "group", "row", "column", "channel"),
    }
    ranks = (3, 4, 5)

    def __init__(self, groups=64, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.groups = arguments.integer("groups", groups)

    def build_for(self, shape):
        if shape[-1] % 2:
            raise ValueError(
                f"{self.name} needs an even number of channels, half for either gate, not "
                f"{shape[-1]}. Check data_format."
            )
        arguments.divides("groups", self.groups, shape[-1] // 2, "pairs of channels")
        starts = {
            "channel_scale": "zeros",
            "channel_offset": "ones",
            "gamma": "ones",
            "beta": "zeros",
            "spatial_scale": "zeros",
            "spatial_offset": "ones",
        }
        size = (shape[-1] // (2 * self.groups),)
        for name, start in starts.items():
            weight = self.add_weight(
                name=name, shape=size, initializer=start, dtype=self.gate_dtype, autocast=False
            )
            setattr(self, name, weight)

    def attend(self, x, training):
        halves = self._halves(x)
        precise = ops.cast(halves, self.gate_dtype)
        channel = self.applied(self._channel_gate(precise[:, :, :, 0]))
        spatial = self.applied(self._spatial_gate(precise[:, :, :, 1]))
        first = halves[:, :, :, 0] * ops.cast(channel, x.dtype)[:, None]
        second = halves[:, :, :, 1] * ops.cast(spatial, x.dtype)
        output = self._shuffled(ops.stack([first, second], axis=3), x)
        shape = (-1, self.groups, *ops.shape(x)[1:-1], channel.shape[-1])
        spatial = ops.reshape(ops.swapaxes(spatial, 1, 2), shape)
        return output, {"channel": channel, "spatial": spatial}

    def _halves(self, x):
        size = x.shape[-1] // (2 * self.groups)
        return ops.reshape(x, (ops.shape(x)[0], -1, self.groups, 2, size))

    def _channel_gate(self, x):
        means = ops.mean(x, axis=1)
        return ops.sigmoid(self.channel_scale * means + self.channel_offset)

    def _spatial_gate(self, x):
        centred = x - ops.mean(x, axis=1, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=1, keepdims=True)
        norm = self.gamma * (centred * ops.rsqrt(variance + parts.EPSILON)) + self.beta
        return ops.sigmoid(self.spatial_scale * norm + self.spatial_offset)

    def _shuffled(self, joined, like):
        channels = like.shape[-1]
        pairs = ops.reshape(joined, (ops.shape(like)[0], -1, 2, channels // 2))
        return ops.reshape(ops.swapaxes(pairs, -1, -2), ops.shape(like))

    def get_config(self):
        return super().get_config() | {"groups": self.groups}

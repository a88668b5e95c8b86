"""GAM: channel factors and spatial gates of each value, without pooling."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class GlobalAttentionMechanism(AttentionLayer):
    """Multiplies each value by a factor of its pixel's channels, then by a gate of its places.

    `channel = W2 relu(W1 x + b1) + b2` at each place, `u = channel * x`,
    `spatial = sigmoid(batch_norm(convolution(relu(batch_norm(convolution(u))))))` and
    `output = spatial * u` (Liu et al., Global Attention Mechanism: Retain Information to Enhance
    Channel-Spatial Interactions, arXiv:2112.05561, equations 1 and 2).

    The authors' code is not known. As in public code the channel factor has no sigmoid, where
    the paper's figure shows one: it is signed and without bound, and the output grows with the
    square of the input, beyond float16 for inputs of some hundreds. The convolutions therefore
    run in float32 under a half-precision policy.

    Args:
        reduction_ratio: Channels per channel inside both branches, an integer of at least 1.
        reduced_channels: Number of channels inside both branches, at least 1, in place of
            `reduction_ratio`.
        kernel_size: Size of the two kernels, odd.
        padding: What the convolutions see beyond the border: `"replicate"`, the nearest pixel, or
            `"zeros"`.
        channel_sigmoid: Whether the channel factor is a gate, as in the paper's figure.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        training: Whether the batch normalisations use the batch's statistics.
        return_attention_scores: Whether to return the factors too.

    Returns:
        The gated feature map, of the shape of `x`; or `(output, attention)`, where `attention`
        has the maps `channel`, unbounded unless `channel_sigmoid`, and `spatial`, values in 0…1,
        both of shape `(batch, *spatial, channels)` and of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels or fewer than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = GlobalAttentionMechanism(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(attention["channel"].shape), tuple(attention["spatial"].shape)
        ((2, 5, 7, 8), (2, 5, 7, 8))
    """

    attention_axes: ClassVar = {
        name: ("batch", "row", "column", "channel") for name in ("channel", "spatial")
    }
    attention_range: ClassVar = {"channel": (None, None), "spatial": (0.0, 1.0)}
    ranks = (3, 4, 5)
    # The batch normalisations take them out.
    weights_without_gradient = ("spatial_reduce/bias", "spatial_expand/bias")

    def __init__(
        self,
        reduction_ratio=4,
        reduced_channels=None,
        kernel_size=7,
        padding="replicate",
        channel_sigmoid=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
        self.padding = arguments.one_of("padding", padding, ("replicate", "zeros"))
        self.channel_sigmoid = arguments.boolean("channel_sigmoid", channel_sigmoid)
        if channel_sigmoid:
            self.attention_range = (0.0, 1.0)

    def build_for(self, shape):
        channels, policy = shape[-1], self.dtype_policy
        hidden = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        self.reduce = parts.dense("reduce", channels, hidden, policy, activation="relu")
        self.expand = parts.dense("expand", hidden, channels, policy)
        wide, narrow = (*shape[:-1], channels), (*shape[:-1], hidden)
        self.spatial_reduce = self._convolution("spatial_reduce", wide, hidden)
        self.reduce_norm = parts.batch_norm("reduce_norm", narrow, self.gate_dtype)
        self.spatial_expand = self._convolution("spatial_expand", narrow, channels)
        self.expand_norm = parts.batch_norm("expand_norm", wide, self.gate_dtype)

    def _convolution(self, name, shape, filters):
        padding = "same" if self.padding == "zeros" else "valid"
        unknown = (*(None for _ in shape[:-1]), shape[-1])  # a valid one may exceed the bare map
        return parts.convolution(
            name, unknown, filters, self.kernel_size, self.gate_dtype, padding=padding
        )

    def attend(self, x, training):
        channel = ops.cast(self.expand(self.reduce(x)), self.gate_dtype)
        channel = ops.sigmoid(channel) if self.channel_sigmoid else channel
        channel = self.applied(channel)
        refined = ops.cast(x, self.gate_dtype) * channel
        spatial = self.applied(self._spatial_gate(refined, training))
        return ops.cast(refined * spatial, x.dtype), {"channel": channel, "spatial": spatial}

    def _spatial_gate(self, x, training):
        hidden = self.spatial_reduce(self._padded(x))
        hidden = ops.relu(self.reduce_norm(hidden, training=training))
        logits = self.spatial_expand(self._padded(hidden))
        return ops.sigmoid(self.expand_norm(logits, training=training))

    def _padded(self, x):
        if self.padding == "zeros" or self.kernel_size == 1:
            return x
        for axis in range(1, len(x.shape) - 1):
            x = _replicate_border(x, axis, self.kernel_size // 2)
        return x

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
            "kernel_size": self.kernel_size,
            "padding": self.padding,
            "channel_sigmoid": self.channel_sigmoid,
        }


def _replicate_border(x, axis, width):
    whole = (slice(None),) * axis
    first, last = x[(*whole, slice(None, 1))], x[(*whole, slice(-1, None))]
    return ops.concatenate([first] * width + [x] + [last] * width, axis=axis)

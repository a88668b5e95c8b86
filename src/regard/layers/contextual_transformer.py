"""Contextual transformer: keys in their context weigh the values around each pixel."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, around, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class ContextualTransformer(AttentionLayer):
    """Weighs the values around each pixel by its query and the keys' context, and mixes in both.

    With `k = kernel_size`, the static context is `s = relu(norm(conv_kxk(x)))`, a grouped
    convolution. From it and the query, a window of `k^2` weights for each head,
    `local = group_norm(W2 relu(norm(W1 [x; s])) + b2)`, sums up the values `norm(Wv x)` around
    the pixel: the dynamic context `t = swish(norm(sum local v))`. A softmax over the two, for
    each channel, of `W4 relu(norm(W3 mean(s + t)))` is their `fusion`, and
    `output = fusion_t t + fusion_s s`
    (Li et al., Contextual Transformer Networks for Visual Recognition, arXiv:2107.12292,
    equations 4 to 6).

    The norms, the swish, and the heads of 8 channels are those of the authors' code. It differs
    from that in that a head has neighbouring channels, and that a convolution before a batch
    norm has no bias. The local weights have no softmax: they are signed and without bound.

    Args:
        kernel_size: Side of the window, odd.
        groups: Groups of the static context's convolution; they must divide the channels.
        heads: Sets of local weights; they must divide the channels. None for one per 8 channels.
        reduction_ratio: Channels per hidden unit of the local weights.
        fusion_channels: Hidden units of the fusion; None for half the channels, but at least 32.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`.
        training: Whether the batch norms use this batch's statistics.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` holds
        `local` of shape `(batch, head, row, column, position)`, with the window's pixels
        row-major, and `fusion` of shape `(batch, branch, channel)`: the dynamic context's, then
        the static one's, which sum to 1. Both are at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels, if `x` has
            another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = ContextualTransformer(heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(attention["local"].shape), tuple(attention["fusion"].shape)
        ((2, 2, 5, 7, 9), (2, 2, 8))
    """

    attention_axes: ClassVar = {
        "local": ("batch", "head", "row", "column", "position"),
        "fusion": ("batch", "branch", "channel"),
    }
    attention_kind: ClassVar = {"local": "gate", "fusion": "distribution"}
    attention_range: ClassVar = {"local": (None, None), "fusion": (0.0, 1.0)}
    attention_sum_axes: ClassVar = {"local": (), "fusion": ("branch",)}

    def __init__(
        self,
        kernel_size=3,
        groups=4,
        heads=None,
        reduction_ratio=2,
        fusion_channels=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
        self.groups = arguments.integer("groups", groups)
        self.heads = arguments.optional(arguments.integer, "heads", heads)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.fusion_channels = arguments.optional(
            arguments.integer, "fusion_channels", fusion_channels
        )

    def build_for(self, shape):
        channels, heads = shape[-1], self._heads_for(shape[-1])
        arguments.divides("groups", self.groups, channels)
        arguments.divides("heads", heads, channels)
        hidden = arguments.reduced("reduction_ratio", self.reduction_ratio, channels)
        dtype, no_bias = self.dtype_policy, {"use_bias": False}
        self.context = parts.convolution(
            "context", shape, channels, self.kernel_size, dtype, groups=self.groups, **no_bias
        )
        self.context_norm = parts.batch_norm("context_norm", shape, dtype)
        self.reduce = parts.dense("reduce", 2 * channels, hidden, dtype, **no_bias)
        self.reduce_norm = parts.batch_norm("reduce_norm", (*shape[:-1], hidden), dtype)
        weights = heads * self.kernel_size**2
        self.expand = parts.dense("expand", hidden, weights, dtype)
        self.local_norm = parts.built(
            keras.layers.GroupNormalization(
                heads, epsilon=parts.EPSILON, dtype=self.gate_dtype, name="local_norm"
            ),
            (*shape[:-1], weights),
        )
        self.value = parts.dense("value", channels, channels, dtype, **no_bias)
        self.value_norm = parts.batch_norm("value_norm", shape, dtype)
        self.dynamic_norm = parts.batch_norm("dynamic_norm", shape, dtype)
        self._build_fusion(channels)

    def attend(self, x, training):
        static = ops.relu(self.context_norm(self.context(x), training=training))
        local = self.applied(self._local(ops.concatenate([x, static], axis=-1), training))
        values = self.value_norm(self.value(x), training=training)
        summed = self._summed(ops.cast(local, values.dtype), values)
        dynamic = ops.silu(self.dynamic_norm(summed, training=training))
        fusion = self.applied(self._fusion(dynamic, static, training))
        share = ops.expand_dims(ops.cast(fusion, x.dtype), (2, 3))
        output = share[:, 0] * dynamic + share[:, 1] * static
        return output, {"local": ops.transpose(local, (0, 3, 1, 2, 4)), "fusion": fusion}

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "groups": self.groups,
            "heads": self.heads,
            "reduction_ratio": self.reduction_ratio,
            "fusion_channels": self.fusion_channels,
        }

    def _heads_for(self, channels):
        return self.heads or max(channels // 8, 1)

    def _build_fusion(self, channels):
        hidden, dtype = self.fusion_channels or max(channels // 2, 32), self.gate_dtype
        self.squeeze = parts.dense("squeeze", channels, hidden, dtype, use_bias=False)
        self.squeeze_norm = parts.batch_norm("squeeze_norm", (None, hidden), dtype)
        self.select = parts.dense("select", hidden, 2 * channels, dtype)

    def _local(self, features, training):
        """The weights of each pixel's window, `(batch, row, column, head, position)`."""
        hidden = ops.relu(self.reduce_norm(self.reduce(features), training=training))
        weights = self.local_norm(ops.cast(self.expand(hidden), self.gate_dtype))
        pixels = self.kernel_size**2
        by_head = (*ops.shape(weights)[:3], self.expand.units // pixels, pixels)
        return ops.reshape(weights, by_head)

    def _summed(self, local, values):
        """The values of each pixel's window, weighted and added up."""
        padded = around.padded(values, self.kernel_size // 2)
        return around.gather(ops.swapaxes(local, -1, -2), padded)

    def _fusion(self, dynamic, static, training):
        """The share of each branch in each channel, `(batch, branch, channel)`."""
        both = ops.cast(dynamic, self.gate_dtype) + ops.cast(static, self.gate_dtype)
        hidden = self.squeeze_norm(self.squeeze(ops.mean(both, axis=(1, 2))), training=training)
        logits = self.select(ops.relu(hidden))
        return parts.softmax(ops.reshape(logits, (-1, 2, dynamic.shape[-1])), axis=1)

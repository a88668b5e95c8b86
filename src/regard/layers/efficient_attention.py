"""Efficient attention: queries and keys are normalised apart, so that no pixels meet in pairs."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, dot_product, heads, layout, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class EfficientAttention(AttentionLayer):
    """Adds to each pixel a mixture of global maps, one for each channel of the keys.

    In each head `query = softmax(x Wq + bq)` over the head's channels, for each pixel,
    `key = softmax(x Wk + bk)` over the pixels, for each channel, and
    `output = x + (query (key^T (x Wv + bv))) Wo + bo`
    (Shen et al., Efficient Attention: Attention with Linear Complexities, arXiv:1812.01243).
    `query key^T` would be the attention among the pixels, whose rows sum to 1; it is never made,
    so the cost grows linearly with the number of pixels.

    Args:
        heads: Number of heads, an integer of at least 1.
        key_channels: Channels of the queries and keys of all heads, which `heads` must divide;
            by default half of the channels.
        value_channels: Channels of the values of all heads, which `heads` must divide; by
            default as many as `x` has.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return both attentions too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` is a
        dictionary of at least float32 precision, values in 0…1, pixels in row-major order:
        `key` of shape `(batch, heads, channels, pixels)`, which sums to 1 over the pixels, and
        `query` of shape `(batch, heads, pixels, channels)`, which sums to 1 over the channels,
        `key_channels / heads` of them.

    Raises:
        ValueError: If an argument is out of range, if `heads` does not divide the channels of
            keys or values, if `x` has another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = EfficientAttention(heads=2, key_channels=6, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention["key"].shape)
        ((2, 5, 7, 8), (2, 2, 3, 35))
    """

    attention_axes: ClassVar = {
        "key": ("batch", "head", "channel", "key"),
        "query": ("batch", "head", "query", "channel"),
    }
    attention_kind = "distribution"
    attention_sum_axes: ClassVar = {"key": ("key",), "query": ("channel",)}
    ranks = (3, 4, 5)
    weights_without_gradient = ("key/bias",)  # the softmax over the pixels takes it out

    def __init__(self, heads=1, key_channels=None, value_channels=None, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.heads = arguments.integer("heads", heads)
        self.key_channels = arguments.optional(arguments.integer, "key_channels", key_channels)
        self.value_channels = arguments.optional(
            arguments.integer, "value_channels", value_channels
        )

    def build_for(self, shape):
        channels = shape[-1]
        keys, values = self._key_channels(channels), self.value_channels or channels
        arguments.divides("heads", self.heads, keys, "channels of the keys")
        arguments.divides("heads", self.heads, values, "channels of the values")
        self.query = parts.dense("query", channels, keys, self.dtype_policy)
        self.key = parts.dense("key", channels, keys, self.dtype_policy)
        self.value = parts.dense("value", channels, values, self.dtype_policy)
        self.project = parts.dense("project", values, channels, self.dtype_policy)

    def _key_channels(self, channels):
        return self.key_channels or max(channels // 2, 1)

    def scores_count(self, shape):
        return dot_product.scores_count(shape, keys=2 * self._key_channels(shape[-1]))

    def attend(self, x, training):
        pixels = layout.to_pixels(x)
        queries, keys = (
            ops.cast(heads.split(dense(pixels), self.heads), self.gate_dtype)
            for dense in (self.query, self.key)
        )
        query = self.applied(parts.softmax(queries))
        key = self.applied(parts.softmax(ops.swapaxes(keys, 2, 3)))
        gathered = dot_product.gather(key, heads.split(self.value(pixels), self.heads))
        mixed = heads.merge(dot_product.gather(query, gathered))
        return x + layout.from_pixels(self.project(mixed), x), {"key": key, "query": query}

    def get_config(self):
        return super().get_config() | {
            "heads": self.heads,
            "key_channels": self.key_channels,
            "value_channels": self.value_channels,
        }

"""Attention pooling: one vector for the map, gathered by a query made from its mean."""

import math

import keras
from keras import ops

from regard.layers import arguments, dot_product, heads, parts
from regard.layers.base import AttentionLayer

HEAD_CHANNELS = 64  # channels of a head in the paper


@keras.saving.register_keras_serializable(package="regard")
class AttentionPooling(AttentionLayer):
    """Pools a feature map to one vector, by heads that weigh the pixels.

    The tokens are the mean of all pixels, then the pixels in row-major order, each with a
    learned position embedding added. The mean token is the only query; keys and values are all
    tokens. In each head of `size` channels `attention = softmax(q k^T / sqrt(size))` over the
    tokens, and `output` is a dense map of all heads' `attention v` (Radford et al., Learning
    Transferable Visual Models From Natural Language Supervision, arXiv:2103.00020; the pooling of
    CLIP's residual networks). Queries, keys, values and the dense map have biases.

    The position embedding is for one size of map, which must be known.

    Args:
        heads: Number of heads, which must divide the channels; by default one for each 64
            channels, and at least 1.
        output_channels: Channels of the output, at least 1; by default as many as `x` has.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of known size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A tensor of shape `(batch, output_channels)`; or `(output, attention)`, where `attention`
        has shape `(batch, heads, 1 + pixels)`, values in 0…1 of at least float32 precision, and
        sums to 1 over its last axis: first the mean token, then the pixels in row-major order.

    Raises:
        ValueError: If an argument is out of range, if `heads` does not divide the channels, if
            `x` has another rank, or if its size or number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = AttentionPooling(heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 8), (2, 2, 36))
    """

    attention_axes = ("batch", "head", "position")
    attention_kind = "distribution"
    attention_sum_axes = ("position",)
    ranks = (3, 4, 5)
    fixed_size = True
    keeps_shape = False
    weights_without_gradient = ("key/bias",)  # the softmax over the tokens takes it out

    def __init__(self, heads=None, output_channels=None, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.heads = arguments.optional(arguments.integer, "heads", heads)
        self.output_channels = arguments.optional(
            arguments.integer, "output_channels", output_channels
        )

    def build_for(self, shape):
        channels = shape[-1]
        arguments.divides("heads", self._heads(channels), channels)
        self.position = self.add_weight(
            name="position",
            shape=(1 + math.prod(shape[1:-1]), channels),
            initializer=keras.initializers.RandomNormal(stddev=channels**-0.5),
        )
        self.query = parts.dense("query", channels, channels, self.gate_dtype)
        self.key = parts.dense("key", channels, channels, self.dtype_policy)
        self.value = parts.dense("value", channels, channels, self.dtype_policy)
        output_channels = self.output_channels or channels
        self.project = parts.dense("project", channels, output_channels, self.dtype_policy)

    def _heads(self, channels):
        return self.heads or max(channels // HEAD_CHANNELS, 1)

    def attend(self, x, training):
        channels = x.shape[-1]
        pixels = ops.reshape(x, (-1, self.position.shape[0] - 1, channels))
        mean = ops.mean(ops.cast(pixels, self.gate_dtype), axis=1, keepdims=True)
        position = ops.cast(self.position, self.gate_dtype)
        mean = mean + position[:1]
        pixels = pixels + ops.cast(position[1:], x.dtype)
        tokens = ops.concatenate([ops.cast(mean, x.dtype), pixels], axis=1)
        queries, keys, values = (
            heads.split(features, self._heads(channels))
            for features in (self.query(mean), self.key(tokens), self.value(tokens))
        )
        queries = queries * queries.shape[-1] ** -0.5
        attention = self.applied(dot_product.scores(queries, ops.cast(keys, self.gate_dtype)))
        output = self.project(heads.merge(dot_product.gather(attention, values)))
        return ops.squeeze(output, 1), ops.squeeze(attention, 2)

    def get_config(self):
        return super().get_config() | {
            "heads": self.heads,
            "output_channels": self.output_channels,
        }

"""Keras's multi-head attention, over the pixels of one feature map."""

import keras
from keras import ops

from regard.layers import arguments, dot_product, heads, layout, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class PixelMultiHeadAttention(AttentionLayer):
    """Lets each pixel gather from all pixels, by several heads.

    In each head, with `queries`, `keys` and `values` dense maps of the pixels,
    `attention = softmax(queries keys^T / sqrt(key_channels))` over the keys; the output is a
    dense map of `attention values` of all heads. This is `keras.layers.MultiHeadAttention` with
    the pixels as query, key and value (Vaswani et al., Attention Is All You Need,
    arXiv:1706.03762), without dropout and masks. There is no residual and no position.

    The output alone takes memory linear in the pixels.

    Args:
        heads: Number of heads, at least 1.
        key_channels: Size of each head's queries and keys, at least 1; by default the channels
            divided by `heads`, as in the paper.
        value_channels: Size of each head's values, at least 1; by default `key_channels`.
        use_bias: Whether the four dense maps have a bias.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, heads, pixels, pixels)`, queries before keys, pixels in row-major order, values
        in 0…1 of at least float32 precision; each query's row sums to 1.

    Raises:
        ValueError: If an argument is out of range, if `heads` does not divide the channels and
            `key_channels` is not given, or if `x` has another rank or an unknown number of
            channels.

    Example:
        >>> import numpy as np
        >>> layer = PixelMultiHeadAttention(heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 35, 35))
    """

    attention_axes = ("batch", "head", "query", "key")
    attention_kind = "distribution"
    attention_sum_axes = ("key",)
    ranks = (3, 4, 5)
    weights_without_gradient = ("key/bias",)  # the softmax over the keys takes it out

    def __init__(
        self,
        heads=8,
        key_channels=None,
        value_channels=None,
        use_bias=True,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.heads = arguments.integer("heads", heads)
        self.key_channels = arguments.optional(arguments.integer, "key_channels", key_channels)
        self.value_channels = arguments.optional(
            arguments.integer, "value_channels", value_channels
        )
        self.use_bias = arguments.boolean("use_bias", use_bias)

    def build_for(self, shape):
        channels = shape[-1]
        if self.key_channels is None:
            arguments.divides("heads", self.heads, channels)
        key_channels = self.heads * (self.key_channels or channels // self.heads)
        value_channels = self.heads * (self.value_channels or key_channels // self.heads)
        options = {"dtype": self.dtype_policy, "use_bias": self.use_bias}
        self.query = parts.dense("query", channels, key_channels, **options)
        self.key = parts.dense("key", channels, key_channels, **options)
        self.value = parts.dense("value", channels, value_channels, **options)
        self.project = parts.dense("project", value_channels, channels, **options)

    def scores_count(self, shape):
        return dot_product.scores_count(shape, self.heads)

    def attend(self, x, training):
        queries, keys, values = self._queries_keys_values(x)
        attention = dot_product.scores(queries, keys)
        return self._merged(dot_product.gather(attention, values), x), attention

    def output_of(self, x, training):
        return self._merged(dot_product.attend(*self._queries_keys_values(x)), x)

    def get_config(self):
        return super().get_config() | {
            "heads": self.heads,
            "key_channels": self.key_channels,
            "value_channels": self.value_channels,
            "use_bias": self.use_bias,
        }

    def _queries_keys_values(self, x):
        pixels = layout.to_pixels(x)
        queries, keys = (
            ops.cast(heads.split(dense(pixels), self.heads), self.gate_dtype)
            for dense in (self.query, self.key)
        )
        values = heads.split(self.value(pixels), self.heads)
        queries = queries * self._scale(queries)
        return self.applied(queries), self.applied(keys), values

    def _scale(self, queries):
        # Keras rounds it to float32, in float64 too.
        scale = ops.cast(queries.shape[-1] ** -0.5, "float32")
        return ops.cast(scale, queries.dtype)

    def _merged(self, gathered, x):
        return layout.from_pixels(self.project(heads.merge(gathered)), x)

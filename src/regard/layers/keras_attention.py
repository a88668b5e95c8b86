"""Keras's dot-product and additive attention, over the pixels of one feature map."""

import keras
from keras import ops

from regard.layers import arguments, dot_product, layout, parts
from regard.layers.base import AttentionLayer
from regard.layers.tanh_sums import tanh_sums


class _PixelAttention(AttentionLayer):
    """The weighted means of all pixels, for each pixel."""

    attention_axes = ("batch", "query", "key")
    attention_kind = "distribution"
    attention_sum_axes = ("key",)
    ranks = (3, 4, 5)

    def scores_count(self, shape):
        return dot_product.scores_count(shape)

    def attend(self, x, training):
        pixels = layout.to_pixels(x)
        attention = self._attention(ops.cast(pixels, self.gate_dtype))
        return layout.from_pixels(dot_product.gather(attention, pixels), x), attention

    def _add_factor(self, name, shape=(), initializer="ones"):
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, dtype=self.gate_dtype, autocast=False
        )


@keras.saving.register_keras_serializable(package="regard")
class PixelDotProductAttention(_PixelAttention):
    """Gives each pixel the mean of all pixels, weighted by their products with it.

    `output = attention x` with `attention = softmax(scale * x x^T)` over the keys, or
    `softmax(concat_score_weight * sum_c tanh(scale * (x_ic + x_jc)))` for pixels `i` and `j` if
    `score_mode="concat"`. This is `keras.layers.Attention` with the pixels as query, key and
    value (Luong et al., Effective Approaches to Attention-based Neural Machine Translation,
    arXiv:1508.04025), without dropout and masks.

    There are no projections, no residual and no `1 / sqrt(channels)`: by dot products, a pixel's
    own weight is near 1 unless `scale` is small. The output alone takes memory linear in the
    pixels by `"dot"`; `"concat"` always computes pixels x pixels x channels numbers.

    Args:
        use_scale: Whether `scale`, a number that starts at 1, is learned; otherwise it is 1.
        score_mode: `"dot"` or `"concat"`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, pixels, pixels)`, queries before keys, pixels in row-major order, values in 0…1
        of at least float32 precision; each query's row sums to 1.

    Raises:
        ValueError: If an argument is out of range, or if `x` has another rank or an unknown
            number of channels.

    Example:
        >>> import numpy as np
        >>> layer = PixelDotProductAttention(use_scale=True, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 35, 35))
    """

    def __init__(self, use_scale=False, score_mode="dot", data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.use_scale = arguments.boolean("use_scale", use_scale)
        self.score_mode = arguments.one_of("score_mode", score_mode, ("dot", "concat"))

    def build_for(self, shape):
        if self.use_scale:
            self.scale = self._add_factor("scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self._add_factor("concat_score_weight")

    def output_of(self, x, training):
        if self.score_mode == "concat":
            return self.attend(x, training)[0]
        pixels = layout.to_pixels(x)
        queries, keys = self._queries_keys(ops.cast(pixels, self.gate_dtype))
        return layout.from_pixels(dot_product.attend(queries, keys, pixels), x)

    def get_config(self):
        return super().get_config() | {
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
        }

    def _attention(self, pixels):
        if self.score_mode == "dot":
            return dot_product.scores(*self._queries_keys(pixels))
        scaled = self._scaled(pixels)
        sums = tanh_sums(scaled, ops.ones(scaled.shape[-1], scaled.dtype))
        return self.applied(parts.softmax(self.concat_score_weight * sums))

    def _queries_keys(self, pixels):
        return self.applied(self._scaled(pixels)), self.applied(pixels)

    def _scaled(self, pixels):
        return self.scale * pixels if self.use_scale else pixels


@keras.saving.register_keras_serializable(package="regard")
class PixelAdditiveAttention(_PixelAttention):
    """Gives each pixel the mean of all pixels, weighted by the tanh of their sums with it.

    `output = attention x` with `attention = softmax(sum_c scale_c tanh(x_ic + x_jc))` over the
    keys `j`, for each query `i`. This is `keras.layers.AdditiveAttention` with the pixels as
    query, key and value (Bahdanau et al., Neural Machine Translation by Jointly Learning to
    Align and Translate, arXiv:1409.0473), without dropout and masks.

    There are no projections and no residual. Every call computes pixels x pixels x channels
    numbers: it is for small maps.

    Args:
        use_scale: Whether `scale`, a number for each channel, is learned; otherwise it is 1.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, pixels, pixels)`, queries before keys, pixels in row-major order, values in 0…1
        of at least float32 precision; each query's row sums to 1.

    Raises:
        ValueError: If an argument is out of range, or if `x` has another rank or an unknown
            number of channels.

    Example:
        >>> import numpy as np
        >>> layer = PixelAdditiveAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 35, 35))
    """

    def __init__(self, use_scale=True, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.use_scale = arguments.boolean("use_scale", use_scale)

    def build_for(self, shape):
        if self.use_scale:
            self.scale = self._add_factor("scale", (shape[-1],), "glorot_uniform")

    def get_config(self):
        return super().get_config() | {"use_scale": self.use_scale}

    def _attention(self, pixels):
        ones = ops.ones(pixels.shape[-1], pixels.dtype)
        weights = self.scale * ones if self.use_scale else ones
        return self.applied(parts.softmax(tanh_sums(pixels, weights)))

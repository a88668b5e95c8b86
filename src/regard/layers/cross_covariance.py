"""Cross-covariance attention: channels attend to channels, over all pixels."""

import keras
from keras import ops

from regard.layers import arguments, dot_product, heads, layout, parts
from regard.layers.base import AttentionLayer

LEAST_NORM = 1e-12  # of the vectors that are scaled to length 1


@keras.saving.register_keras_serializable(package="regard")
class CrossCovarianceAttention(AttentionLayer):
    """Rebuilds each channel from the channels of its head that vary alike over the pixels.

    In each head `attention = softmax(t q^T k)` over the keys' channels and
    `output = concatenated (attention v^T)^T Wo + bo`, where `q = x Wq + bq`, `k` and `v` are
    `(pixels, size)`, every column of `q` and `k` is scaled to length 1 over the pixels, and `t` is
    a learned factor of the head that starts at 1
    (El-Nouby et al., XCiT: Cross-Covariance Image Transformers, arXiv:2106.09681). The cost grows
    linearly with the number of pixels.

    As in the authors' code the learned temperature multiplies; the paper divides by it. There is
    no residual: XCiT has it around the layer, after a layer normalisation.

    Args:
        heads: Number of heads, which must divide the channels into at least 2 a head.
        use_bias: Whether queries, keys and values have biases, as in the paper's networks.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, heads, size, size)` with `size = channels / heads`, the queries' channels before
        the keys', values in 0…1 of at least float32 precision; it sums to 1 over its last axis.

    Raises:
        ValueError: If an argument is out of range, if `heads` does not divide the channels or
            leaves one a head, if `x` has another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = CrossCovarianceAttention(heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 4, 4))
    """

    attention_axes = ("batch", "head", "query_channel", "key_channel")
    attention_kind = "distribution"
    attention_sum_axes = ("key_channel",)
    ranks = (3, 4, 5)

    def __init__(self, heads=8, use_bias=True, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.heads = arguments.integer("heads", heads)
        self.use_bias = arguments.boolean("use_bias", use_bias)

    def build_for(self, shape):
        channels = shape[-1]
        arguments.divides("heads", self.heads, channels)
        if self.heads == channels:
            raise ValueError(
                f"heads={self.heads} leaves each head one of the {channels} channels, which could "
                "attend only to itself. Choose fewer heads."
            )
        for name in ("query", "key", "value"):
            dense = parts.dense(name, channels, channels, self.dtype_policy, use_bias=self.use_bias)
            setattr(self, name, dense)
        self.project = parts.dense("project", channels, channels, self.dtype_policy)
        self.temperature = self.add_weight(
            name="temperature", shape=(self.heads, 1, 1), initializer="ones", autocast=False
        )

    def scores_count(self, shape):
        return None if shape[0] is None else shape[0] * shape[-1] ** 2 // self.heads

    def attend(self, x, training):
        pixels = layout.to_pixels(x)
        queries, keys, values = (
            ops.swapaxes(heads.split(dense(pixels), self.heads), 2, 3)
            for dense in (self.query, self.key, self.value)
        )
        temperature = ops.cast(self.temperature, self.gate_dtype)
        attention = dot_product.scores(temperature * self._unit(queries), self._unit(keys))
        attention = self.applied(attention)
        gathered = ops.swapaxes(dot_product.gather(attention, values), 2, 3)
        return layout.from_pixels(self.project(heads.merge(gathered)), x), attention

    def _unit(self, channels):
        """Scales `(..., channels, pixels)` to length 1 over the pixels."""
        channels = ops.cast(channels, self.gate_dtype)
        squares = ops.sum(ops.square(channels), axis=-1, keepdims=True)
        return channels * ops.rsqrt(ops.maximum(squares, LEAST_NORM**2))

    def get_config(self):
        return super().get_config() | {"heads": self.heads, "use_bias": self.use_bias}

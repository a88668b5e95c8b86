"""Self-attention over the pixels, as SAGAN and DANet have it, with all keys or pooled ones."""

import math

import keras
from keras import ops

from regard.layers import arguments, dot_product, layout, parts
from regard.layers.base import AttentionLayer


class _GatedResidual(AttentionLayer):
    """Adds to each pixel what it gathers from the keys, by a learned factor that starts at 0."""

    attention_axes = ("batch", "query", "key")
    attention_kind = "distribution"
    attention_sum_axes = ("key",)
    ranks = (3, 4, 5)
    starts_as_identity = True

    def __init__(self, reduction_ratio=8, key_channels=None, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.key_channels = arguments.optional(arguments.integer, "key_channels", key_channels)

    def build_for(self, shape):
        key_channels = self.key_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, shape[-1]
        )
        self.query = self._dense("query", shape[-1], key_channels)
        self.key = self._dense("key", shape[-1], key_channels)
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def scores_count(self, shape):
        return dot_product.scores_count(shape)

    def attend(self, x, training):
        queries, keys, values = self._queries_keys_values(x)
        attention = dot_product.scores(queries, keys)
        return self._added(x, dot_product.gather(attention, values)), attention

    def output_of(self, x, training):
        return self._added(x, dot_product.attend(*self._queries_keys_values(x)))

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "key_channels": self.key_channels,
        }

    def _queries_keys_values(self, x):
        queries, keys = (
            ops.cast(layout.to_pixels(features), self.gate_dtype)
            for features in (self.query(x), self._keys(self.key(x)))
        )
        values = layout.to_pixels(self._keys(self.value(x)))
        return self.applied(queries), self.applied(keys), values

    def _keys(self, features):
        return features

    def _added(self, x, gathered):
        return x + self.gamma * layout.from_pixels(gathered, x)


@keras.saving.register_keras_serializable(package="regard")
class SaganAttention(_GatedResidual):
    """Lets each pixel gather from all pixels: SAGAN's self-attention, DANet's position attention.

    `attention = softmax((x Wq + bq) (x Wk + bk)^T)` over the keys, without scaling, and
    `output = x + gamma * attention (x Wv + bv)`, where `gamma` is learned and starts at 0
    (Zhang et al., Self-Attention Generative Adversarial Networks, arXiv:1805.08318; Fu et al.,
    Dual Attention Network for Scene Segmentation, arXiv:1809.02983).

    Departs from SAGAN's paper: the values keep all channels, so there is no last projection, and
    there is no spectral normalisation. Departs from DANet's text, as its code does: queries and
    keys have an eighth of the channels. The output alone takes memory linear in the pixels.

    Args:
        reduction_ratio: Channels per channel of queries and keys, an integer of at least 1.
        key_channels: Size of queries and keys, at least 1, in place of `reduction_ratio`.
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
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels or fewer than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = SaganAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 16)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 16), (2, 35, 35))
    """

    weights_without_gradient = ("key/bias",)  # the softmax over the keys takes it out

    def build_for(self, shape):
        super().build_for(shape)
        self.value = self._dense("value", shape[-1], shape[-1])

    def _dense(self, name, channels, units):
        return parts.dense(name, channels, units, self.dtype_policy)


@keras.saving.register_keras_serializable(package="regard")
class SaganPooledAttention(_GatedResidual):
    """Lets each pixel gather from a max-pooled map, as the code of SAGAN and BigGAN does.

    `attention = softmax(x Wq pool(x Wk)^T)` over the keys, without scaling, and
    `output = x + gamma * (attention pool(x Wv)) Wo`, where `pool` takes the greatest of each
    `pool_size` pixels along every spatial axis and `gamma` is learned and starts at 0 (Zhang et
    al., Self-Attention Generative Adversarial Networks, arXiv:1805.08318, as its authors coded it).

    Departs from that code: there is no spectral normalisation, and a size that `pool_size` does
    not divide ends in a smaller cell. The output alone takes memory linear in the pixels.

    Args:
        reduction_ratio: Channels per channel of queries and keys, an integer of at least 1.
        key_channels: Size of queries and keys, at least 1, in place of `reduction_ratio`.
        value_channels: Size of the values, at least 1; by default half of the channels.
        pool_size: Size of a pooling cell along each spatial axis, at least 1.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, pixels, cells)`, queries before keys, both in row-major order, values in 0…1 of
        at least float32 precision; each query's row sums to 1.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels or fewer than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = SaganPooledAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 6, 8, 16)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 6, 8, 16), (2, 48, 12))
    """

    def __init__(
        self,
        reduction_ratio=8,
        key_channels=None,
        value_channels=None,
        pool_size=2,
        data_format=None,
        **kwargs,
    ):
        super().__init__(reduction_ratio, key_channels, data_format, **kwargs)
        self.value_channels = arguments.optional(
            arguments.integer, "value_channels", value_channels
        )
        self.pool_size = arguments.integer("pool_size", pool_size)

    def build_for(self, shape):
        super().build_for(shape)
        value_channels = self.value_channels or max(shape[-1] // 2, 1)
        self.value = self._dense("value", shape[-1], value_channels)
        self.project = self._dense("project", value_channels, shape[-1])

    def scores_count(self, shape):
        if None in shape[1:-1]:
            return None
        return dot_product.scores_count(
            shape, keys=math.prod(-(-size // self.pool_size) for size in shape[1:-1])
        )

    def get_config(self):
        return super().get_config() | {
            "value_channels": self.value_channels,
            "pool_size": self.pool_size,
        }

    def _dense(self, name, channels, units):
        return parts.dense(name, channels, units, self.dtype_policy, use_bias=False)

    def _keys(self, features):
        return parts.max_pool(features, self.pool_size)

    def _added(self, x, gathered):
        return super()._added(x, self.project(gathered))

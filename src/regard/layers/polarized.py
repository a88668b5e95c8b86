"""Polarised self-attention: a gate a channel and a gate a pixel, beside or after each other."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, layout, parts
from regard.layers.polarized_base import PIXELS, Polarized, by_map


@keras.saving.register_keras_serializable(package="regard")
class PolarizedParallel(Polarized):
    """Adds the map gated by channel and the map gated by pixel.

    `context = softmax_pixels(Wq x)` and `channel = sigmoid(Wz (Wv x . context))`;
    `spatial_softmax = softmax_pixels(mean(Wq' x) . Wv' x)` and
    `spatial = sigmoid(spatial_softmax)`; `output = channel * x + spatial * x`
    (Liu et al., Polarized Self-Attention: Towards High-quality Pixel-wise Regression,
    arXiv:2107.00782).

    It departs from the paper where the authors' code does: the spatial softmax is over the
    pixels of the product, not over the channels of the pooled query, so that the spatial gate
    lies in 0.5…0.7311, and little over 0.5 on all but the smallest maps; and no layer norm
    precedes the sigmoid of the channels.

    Args:
        reduction_ratio: Channels per channel of the queries and values.
        reduced_channels: Number of channels of the queries and values, in place of
            `reduction_ratio`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` holds, of
        at least float32 precision, the gates `channel` of shape `(batch, channels)` and
        `spatial` of shape `(batch, *spatial)`, and `context` and `spatial_softmax`, which sum to
        one over the pixels, of the shape of `spatial`.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels or fewer than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = PolarizedParallel(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(attention["channel"].shape), tuple(attention["spatial"].shape)
        ((2, 8), (2, 5, 7))
    """

    attention_axes: ClassVar = {
        "channel": ("batch", "channel"),
        "spatial": ("batch", *PIXELS),
        "context": ("batch", *PIXELS),
        "spatial_softmax": ("batch", *PIXELS),
    }
    attention_kind: ClassVar = by_map("gate", "distribution", "spatial_softmax")
    attention_range: ClassVar = {
        **by_map((0.0, 1.0), (0.0, 1.0), "spatial_softmax"),
        "spatial": (0.5, 0.7311),
    }
    attention_sum_axes: ClassVar = by_map((), PIXELS, "spatial_softmax")

    def build_for(self, shape):
        super().build_for(shape)
        options = {"dtype": self.gate_dtype, "use_bias": False}
        self.expand = parts.dense("expand", self.hidden, shape[-1], **options)
        # From the query to the channels: (Wv' x) . q is x . (q Wv'), which needs no map of Wv' x.
        self.spatial_value = parts.dense("spatial_value", self.hidden, shape[-1], **options)

    def attend(self, x, training):
        pixels = layout.to_pixels(x)
        pooled, context = self.pool(pixels)
        channel = self.applied(ops.sigmoid(self.expand(pooled)))
        direction = ops.expand_dims(self.spatial_value(self.query_of(pixels)), -1)
        weights = parts.softmax(ops.matmul(ops.cast(pixels, self.gate_dtype), direction), axis=1)
        weights = self.applied(weights)
        spatial = ops.sigmoid(weights)
        gate = ops.expand_dims(channel, 1) + spatial
        return layout.from_pixels(pixels * ops.cast(gate, x.dtype), x), {
            "channel": channel,
            "spatial": layout.from_pixels(spatial, x)[..., 0],
            "context": layout.from_pixels(context, x)[..., 0],
            "spatial_softmax": layout.from_pixels(weights, x)[..., 0],
        }


@keras.saving.register_keras_serializable(package="regard")
class PolarizedSequential(Polarized):
    """Gates each channel, and then each pixel of the result.

    `context = softmax_pixels(Wq x)`, `c = Wv x . context`,
    `channel = sigmoid(W2 relu(layer_norm(W1 c + b1)) + b2)` and `u = channel * x`;
    `theta_softmax = softmax_pixels(Wv' u)`, each channel by itself,
    `spatial = sigmoid(mean(Wq' u) . theta_softmax)` and `output = spatial * u`
    (Liu et al., Polarized Self-Attention: Towards High-quality Pixel-wise Regression,
    arXiv:2107.00782).

    It departs from the paper where the authors' code does: the spatial softmax is over the
    pixels of the values, not over the channels of the pooled query; and the channels pass a
    bottleneck around the layer norm.

    Args:
        reduction_ratio: Channels per channel of the queries and values.
        reduced_channels: Number of channels of the queries and values, in place of
            `reduction_ratio`.
        bottleneck_ratio: Channels of the values per hidden unit of the channels' gate, which
            has at least 2.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` holds, of
        at least float32 precision, the gates `channel` of shape `(batch, channels)` and
        `spatial` of shape `(batch, *spatial)`, and, summing to one over the pixels, `context` of
        shape `(batch, *spatial)` and `theta_softmax` of shape
        `(batch, *spatial, reduced_channels)`.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels or too few for the ratios.

    Example:
        >>> import numpy as np
        >>> layer = PolarizedSequential(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 16)), return_attention_scores=True)
        >>> tuple(attention["channel"].shape), tuple(attention["theta_softmax"].shape)
        ((2, 16), (2, 5, 7, 8))
    """

    attention_axes: ClassVar = {
        "channel": ("batch", "channel"),
        "spatial": ("batch", *PIXELS),
        "context": ("batch", *PIXELS),
        "theta_softmax": ("batch", *PIXELS, "channel"),
    }
    attention_kind: ClassVar = by_map("gate", "distribution", "theta_softmax")
    attention_sum_axes: ClassVar = by_map((), PIXELS, "theta_softmax")

    def __init__(
        self,
        reduction_ratio=2,
        reduced_channels=None,
        bottleneck_ratio=4,
        data_format=None,
        **kwargs,
    ):
        super().__init__(reduction_ratio, reduced_channels, data_format, **kwargs)
        self.bottleneck_ratio = arguments.integer("bottleneck_ratio", bottleneck_ratio)

    def build_for(self, shape):
        super().build_for(shape)
        channels, dtype = shape[-1], self.gate_dtype
        narrow = self.hidden // self.bottleneck_ratio
        if narrow < 2:
            raise ValueError(
                f"bottleneck_ratio={self.bottleneck_ratio} leaves {narrow} of the {self.hidden} "
                "channels of the values, but the layer norm needs 2. Choose at most "
                f"{self.hidden // 2}, or more reduced_channels."
            )
        self.reduce = parts.dense("reduce", self.hidden, narrow, dtype)
        self.norm = parts.layer_norm("norm", narrow, dtype)
        self.expand = parts.dense("expand", narrow, channels, dtype)
        self.spatial_value = parts.dense(
            "spatial_value", channels, self.hidden, self.dtype_policy, use_bias=False
        )

    def attend(self, x, training):
        pixels = layout.to_pixels(x)
        pooled, context = self.pool(pixels)
        channel = ops.sigmoid(self.expand(ops.relu(self.norm(self.reduce(pooled)))))
        channel = self.applied(channel)
        pixels = pixels * ops.cast(ops.expand_dims(channel, 1), x.dtype)
        theta = parts.softmax(ops.cast(self.spatial_value(pixels), self.gate_dtype), axis=1)
        theta = self.applied(theta)
        spatial = ops.sigmoid(ops.matmul(theta, ops.expand_dims(self.query_of(pixels), -1)))
        spatial = self.applied(spatial)
        return layout.from_pixels(pixels * ops.cast(spatial, x.dtype), x), {
            "channel": channel,
            "spatial": layout.from_pixels(spatial, x)[..., 0],
            "context": layout.from_pixels(context, x)[..., 0],
            "theta_softmax": layout.from_pixels(theta, x),
        }

    def get_config(self):
        return super().get_config() | {"bottleneck_ratio": self.bottleneck_ratio}

"""Gather-excite: a gate for each value, from the neighbourhood of its pixel."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer
from regard.layers.channel_gate import spatial_means


@keras.saving.register_keras_serializable(package="regard")
class GatherExcite(AttentionLayer):
    """Scales each value by a gate computed from its channel around its pixel.

    `gate = sigmoid(upsample(mlp(gather(x))))` and `output = gate * x`
    (Hu et al., Gather-Excite: Exploiting Feature Context in Convolutional Neural Networks,
    arXiv:1810.12348). The gather is, on a grid of every `extent`-th pixel, the mean over a window
    of `2 extent - 1` pixels, pixels beyond the border left out; or, learned, `log2(extent)`
    depthwise 3x3 convolutions of stride 2, each with a batch normalisation, relu between them.
    The upsampling takes the nearest, `floor(i * gathered / size)`. The default is the paper's
    GE without weights; `use_convolution` gives its GE-theta, with `use_mlp` its GE-theta+.

    Args:
        extent: Pixels a side that share a gate, at least 1; or 0 for the whole map, which gives
            one gate a channel.
        use_convolution: Whether the gather is learned; then `extent` must be a power of two of
            at least 2, or 0: one depthwise convolution as large as the map, whose size must be
            known.
        use_mlp: Whether two dense maps with a relu between them mix the gathered channels.
        reduction_ratio: Channels per hidden unit of the mlp, an integer of at least 1.
        reduced_channels: Number of hidden units, at least 1, in place of `reduction_ratio`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, height, width, channels)` or
            `(batch, channels, height, width)` of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The scaled feature map, of the shape of `x`; or `(output, attention)`, where
        `attention` has shape `(batch, height, width, channels)`, or `(batch, channels)` for
        extent 0, values in 0…1, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if its number of
            channels is unknown or, for the mlp, less than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = GatherExcite(extent=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 5, 7, 8))
    """

    attention_axes = ("batch", "row", "column", "channel")

    def __init__(
        self,
        extent=0,
        use_convolution=False,
        use_mlp=False,
        reduction_ratio=16,
        reduced_channels=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.extent = arguments.integer("extent", extent, least=0)
        self.use_convolution = arguments.boolean("use_convolution", use_convolution)
        self.use_mlp = arguments.boolean("use_mlp", use_mlp)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        if use_convolution and (extent == 1 or extent & (extent - 1)):
            raise ValueError(
                f"extent={extent} is not a power of two of at least 2, as use_convolution=True "
                "needs. Choose 2, 4 or 8, or 0 for the whole map."
            )
        self.fixed_size = use_convolution and extent == 0
        if extent == 0:
            self.attention_axes = ("batch", "channel")

    def build_for(self, shape):
        self.convolutions = self._convolutions(shape) if self.use_convolution else []
        self.norms = [
            parts.batch_norm(f"norm{at}", shape, self.gate_dtype)
            for at in range(1, len(self.convolutions) + 1)
        ]
        if self.use_mlp:
            self._build_mlp(shape[-1])

    def _convolutions(self, shape):
        options = {"padding": "valid", "use_bias": False}
        if self.extent == 0:
            size = shape[1:-1]
            return [parts.depthwise("gather1", shape, size, self.dtype_policy, **options)]
        any_size = (None, None, None, shape[-1])
        return [
            parts.depthwise(f"gather{at}", any_size, 3, self.dtype_policy, strides=2, **options)
            for at in range(1, self.extent.bit_length())
        ]

    def _build_mlp(self, channels):
        hidden = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        self.reduce = parts.dense("reduce", channels, hidden, self.gate_dtype, activation="relu")
        self.expand = parts.dense("expand", hidden, channels, self.gate_dtype)

    def attend(self, x, training):
        gathered = self._gather(x, training)
        if self.use_mlp:
            gathered = self.expand(self.reduce(gathered))
        attention = self.applied(ops.sigmoid(gathered))
        if self.extent == 0:
            return x * ops.expand_dims(ops.cast(attention, x.dtype), (1, 2)), attention
        attention = _nearest(_nearest(attention, x, axis=1), x, axis=2)
        return x * ops.cast(attention, x.dtype), attention

    def _gather(self, x, training):
        if self.use_convolution:
            gathered = self._convolve(x, training)
            return ops.squeeze(gathered, (1, 2)) if self.extent == 0 else gathered
        x = ops.cast(x, self.gate_dtype)
        return spatial_means(x) if self.extent == 0 else _window_means(x, self.extent)

    def _convolve(self, x, training):
        margin = 0 if self.extent == 0 else 1
        for at, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            x = ops.relu(x) if at else x
            x = norm(convolution(_padded(x, margin)), training=training)
        return x

    def get_config(self):
        return super().get_config() | {
            "extent": self.extent,
            "use_convolution": self.use_convolution,
            "use_mlp": self.use_mlp,
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
        }


def _padded(x, margin):
    return ops.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))


def _window_means(x, extent):
    """Returns the means over `2 extent - 1` pixels a side at every `extent`-th pixel."""

    def pooled(values):
        return ops.average_pool(
            _padded(values, extent - 1),
            2 * extent - 1,
            extent,
            "valid",
            data_format="channels_last",
        )

    return pooled(x) / pooled(ops.ones_like(x[:1, ..., :1]))


def _nearest(values, like, axis):
    """Returns `values` stretched along an axis to the size of `like`."""
    size, gathered = ops.shape(like)[axis], ops.shape(values)[axis]
    return ops.take(values, ops.arange(size, dtype="int32") * gathered // size, axis=axis)

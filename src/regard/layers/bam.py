"""BAM: one gate a value, from a logit a channel and a logit a place."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class BottleneckAttention(AttentionLayer):
    """Adds to each value its gated copy; the gate is that of a channel and a place together.

    `channel = W2 relu(batch_norm(W1 mean(x) + b1)) + b2`; `spatial` is one value a place, of a
    1x1 convolution to the reduced width, dilated 3x3 convolutions, each followed by batch
    normalisation and relu, and a last 1x1 convolution; `gate = sigmoid(channel * spatial)` and
    `output = x * (1 + gate)` (Park et al., BAM: Bottleneck Attention Module, arXiv:1807.06514,
    equations 1 to 5).

    As in the authors' code the two logits are multiplied, where the paper adds them, and no
    batch normalisation ends the two branches. The means are over all places, also of maps that
    are not square, for which the authors' code takes a square window.

    Args:
        reduction_ratio: Channels per channel inside the branches, an integer of at least 1.
        reduced_channels: Number of channels inside the branches, at least 1, in place of
            `reduction_ratio`.
        dilation_rate: Step between the pixels that the 3x3 convolutions see.
        convolutions: Number of 3x3 convolutions.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1 or 2 spatial axes of any size.
        training: Whether the batch normalisations use the batch's statistics.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The feature map, of the shape of `x`; or `(output, attention)`, where `attention` has
        shape `(batch, *spatial, channels)`, values in 0…1, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels or fewer than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = BottleneckAttention(reduction_ratio=4, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 5, 7, 8))
    """

    attention_axes = ("batch", "row", "column", "channel")
    ranks = (3, 4)

    def __init__(
        self,
        reduction_ratio=16,
        reduced_channels=None,
        dilation_rate=4,
        convolutions=2,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.dilation_rate = arguments.integer("dilation_rate", dilation_rate)
        self.convolutions = arguments.integer("convolutions", convolutions)

    @property
    def weights_without_gradient(self):
        """The biases that a batch normalisation in training takes out."""
        names = ["channel_reduce", *(f"spatial_{n}" for n in range(self.convolutions + 1))]
        return tuple(f"{name}/bias" for name in names)

    def build_for(self, shape):
        channels = shape[-1]
        hidden = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        self.channel_reduce = parts.dense("channel_reduce", channels, hidden, self.gate_dtype)
        self.channel_norm = parts.batch_norm("channel_norm", (None, hidden), self.gate_dtype)
        self.channel_expand = parts.dense("channel_expand", hidden, channels, self.gate_dtype)
        inside = (*shape[:-1], hidden)
        dtype, names = self.dtype_policy, [f"spatial_{n}" for n in range(self.convolutions + 1)]
        self.spatial = [parts.convolution(names[0], shape, hidden, 1, dtype)] + [
            parts.convolution(name, inside, hidden, 3, dtype, dilation_rate=self.dilation_rate)
            for name in names[1:]
        ]
        self.norms = [parts.batch_norm(f"{name}_norm", inside, dtype) for name in names]
        self.spatial_expand = parts.convolution("spatial_expand", inside, 1, 1, dtype)

    def attend(self, x, training):
        places = tuple(range(1, len(x.shape) - 1))
        channel = ops.expand_dims(self._channel_logits(x, places, training), places)
        spatial = ops.cast(self._spatial_logits(x, training), self.gate_dtype)
        attention = self.applied(ops.sigmoid(channel * spatial))
        return x * ops.cast(1 + attention, x.dtype), attention

    def _channel_logits(self, x, places, training):
        means = ops.mean(ops.cast(x, self.gate_dtype), axis=places)
        hidden = self.channel_norm(self.channel_reduce(means), training=training)
        return self.channel_expand(ops.relu(hidden))

    def _spatial_logits(self, x, training):
        for convolution, norm in zip(self.spatial, self.norms, strict=True):
            x = ops.relu(norm(convolution(x), training=training))
        return self.spatial_expand(x)

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
            "dilation_rate": self.dilation_rate,
            "convolutions": self.convolutions,
        }

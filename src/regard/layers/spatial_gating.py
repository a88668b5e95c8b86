"""The block of gMLP: each pixel gated by a learned sum over all pixels."""

import math

import keras
from keras import ops

from regard.layers import arguments, layout, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class SpatialGating(AttentionLayer):
    """Adds to each pixel its projection, half of it gated by the other half of all pixels.

    `u, v = split(gelu(U layer_norm(x) + b))`, `attention = W layer_norm(v) + c` and
    `output = x + V (attention * u) + d`, where `W` is a pixels x pixels map that all channels
    share and `U`, `V` go to the expanded channels and back (Liu et al., Pay Attention to MLPs,
    arXiv:2105.08050, equations 1 and 4, figure 1). `W` starts near 0 and `c` at 1, so that the
    attention starts near 1 and the block as one of each pixel by itself.

    The weights depend on the spatial size, which must be known. The attention has no sigmoid: it
    is signed and without bound.

    Args:
        expansion_ratio: Expanded channels per channel.
        expanded_channels: Number of expanded channels, even, in place of `expansion_ratio`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, *spatial, expanded_channels / 2)`, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if the number of expanded channels is odd,
            or if `x` has another rank, an unknown size or an unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = SpatialGating(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 5, 7, 24))
    """

    attention_axes = ("batch", "row", "column", "channel")
    attention_range = (None, None)
    ranks = (3, 4, 5)
    fixed_size = True

    def __init__(self, expansion_ratio=6, expanded_channels=None, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.expansion_ratio = arguments.integer("expansion_ratio", expansion_ratio)
        self.expanded_channels = arguments.optional(
            arguments.integer, "expanded_channels", expanded_channels
        )

    def build_for(self, shape):
        channels, pixels, dtype = shape[-1], math.prod(shape[1:-1]), self.dtype_policy
        expanded = self.expanded_channels or channels * self.expansion_ratio
        if expanded % 2:
            raise ValueError(
                f"expansion_ratio={self.expansion_ratio} and "
                f"expanded_channels={self.expanded_channels} give {expanded} channels, which "
                f"have no halves. Choose expanded_channels={expanded + 1}."
            )
        self.norm = parts.layer_norm("norm", channels, dtype)
        self.expand = parts.dense("expand", channels, expanded, dtype)
        self.gate_norm = parts.layer_norm("gate_norm", expanded // 2, dtype)
        self.gate = parts.dense(
            "gate",
            pixels,
            pixels,
            dtype,
            kernel_initializer=keras.initializers.RandomNormal(stddev=1e-6),
            bias_initializer="ones",
        )
        self.project = parts.dense("project", expanded // 2, channels, dtype)

    def attend(self, x, training):
        pixels = layout.to_pixels(x)
        kept, gating = ops.split(parts.gelu(self.expand(self.norm(pixels))), 2, axis=-1)
        by_channel = ops.swapaxes(self.gate_norm(gating), 1, 2)
        attention = self.applied(ops.swapaxes(self.gate(by_channel), 1, 2))
        output = layout.from_pixels(pixels + self.project(attention * kept), x)
        return output, layout.from_pixels(ops.cast(attention, self.gate_dtype), x)

    def get_config(self):
        return super().get_config() | {
            "expansion_ratio": self.expansion_ratio,
            "expanded_channels": self.expanded_channels,
        }

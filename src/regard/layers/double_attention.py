"""Double attention: a few descriptors gather from the pixels, each pixel picks among them."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, dot_product, layout, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class DoubleAttention(AttentionLayer):
    """Gathers descriptors from all pixels by one attention and hands them out by another.

    `gather = softmax(x Wk + bk)` over the pixels, for each descriptor, `distribute =
    softmax(x Wq + bq)` over the descriptors, for each pixel, and
    `output = (distribute (gather^T (x Wv + bv))) Wo + bo`
    (Chen et al., A^2-Nets: Double Attention Networks, arXiv:1810.11579; there the values are A,
    the keys B and the queries V). The cost grows linearly with the number of pixels.

    The formula has no residual; in the paper the block is added to its input: `residual=True`.

    Args:
        value_channels: Size of a descriptor, at least 1; by default a quarter of the channels.
        descriptors: Number of descriptors, at least 1; by default a quarter of the channels.
        residual: Whether `x` is added to the output.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return both attentions too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` is a
        dictionary of at least float32 precision, values in 0…1, pixels in row-major order:
        `gather` of shape `(batch, descriptors, pixels)`, which sums to 1 over the pixels, and
        `distribute` of shape `(batch, pixels, descriptors)`, which sums to 1 over the
        descriptors.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if its number of
            channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = DoubleAttention(descriptors=3, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention["gather"].shape)
        ((2, 5, 7, 8), (2, 3, 35))
    """

    attention_axes: ClassVar = {
        "gather": ("batch", "group", "key"),
        "distribute": ("batch", "query", "group"),
    }
    attention_kind = "distribution"
    attention_sum_axes: ClassVar = {"gather": ("key",), "distribute": ("group",)}
    ranks = (3, 4, 5)
    weights_without_gradient = ("key/bias",)  # the softmax over the pixels takes it out

    def __init__(
        self, value_channels=None, descriptors=None, residual=False, data_format=None, **kwargs
    ):
        super().__init__(data_format, **kwargs)
        self.value_channels = arguments.optional(
            arguments.integer, "value_channels", value_channels
        )
        self.descriptors = arguments.optional(arguments.integer, "descriptors", descriptors)
        self.residual = arguments.boolean("residual", residual)

    def build_for(self, shape):
        channels = shape[-1]
        quarter = max(channels // 4, 1)
        values, descriptors = self.value_channels or quarter, self.descriptors or quarter
        self.query = parts.dense("query", channels, descriptors, self.dtype_policy)
        self.key = parts.dense("key", channels, descriptors, self.dtype_policy)
        self.value = parts.dense("value", channels, values, self.dtype_policy)
        self.project = parts.dense("project", values, channels, self.dtype_policy)

    def scores_count(self, shape):
        both = 2 * (self.descriptors or max(shape[-1] // 4, 1))
        return dot_product.scores_count(shape, keys=both)

    def attend(self, x, training):
        pixels = layout.to_pixels(x)
        logits = ops.swapaxes(ops.cast(self.key(pixels), self.gate_dtype), 1, 2)
        gather = self.applied(parts.softmax(logits))
        distribute = parts.softmax(ops.cast(self.query(pixels), self.gate_dtype))
        distribute = self.applied(distribute)
        descriptors = dot_product.gather(gather, self.value(pixels))
        output = self.project(dot_product.gather(distribute, descriptors))
        output = layout.from_pixels(output, x)
        attention = {"gather": gather, "distribute": distribute}
        return x + output if self.residual else output, attention

    def get_config(self):
        return super().get_config() | {
            "value_channels": self.value_channels,
            "descriptors": self.descriptors,
            "residual": self.residual,
        }

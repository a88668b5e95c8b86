"""External attention: pixels attend to a learned memory instead of to each other."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, dot_product, layout, parts
from regard.layers.base import AttentionLayer

LEAST_SUM = 1e-9  # keeps a pixel that no slot attends to from a division by zero


@keras.saving.register_keras_serializable(package="regard")
class ExternalAttention(AttentionLayer):
    """Rebuilds each pixel from the slots of a memory shared by all images.

    `softmax = softmax((x Wq + bq) Mk)` over the PIXELS, for each slot;
    `attention = softmax / (1e-9 + sum of softmax over the slots)`, for each pixel; and
    `output = relu(x + batchnorm((attention Mv) Wo))`
    (Guo et al., Beyond Self-attention: External Attention using Two Linear Layers for Visual
    Tasks, arXiv:2105.02358, with the block around it of the authors' code). The cost grows
    linearly with the number of pixels.

    Departs from the authors' code: `Mv` does not start as the transpose of `Mk`.

    Args:
        slots: Number of the memory's slots, an integer of at least 1.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return both steps of the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` is a
        dictionary of at least float32 precision, values in 0…1, pixels in row-major order:
        `softmax` of shape `(batch, slots, pixels)`, which sums to 1 over the pixels, and
        `attention` of shape `(batch, pixels, slots)`, which sums to 1 over the slots wherever
        some slot attends to the pixel, and is next to 0 elsewhere.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if its number of
            channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = ExternalAttention(slots=3, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention["attention"].shape)
        ((2, 5, 7, 8), (2, 35, 3))
    """

    attention_axes: ClassVar = {
        "attention": ("batch", "query", "group"),
        "softmax": ("batch", "group", "query"),
    }
    attention_kind: ClassVar = {"attention": "gate", "softmax": "distribution"}
    attention_sum_axes: ClassVar = {"attention": (), "softmax": ("query",)}
    ranks = (3, 4, 5)
    weights_without_gradient = ("query/bias",)  # the softmax over the pixels takes it out

    def __init__(self, slots=64, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.slots = arguments.integer("slots", slots)

    def build_for(self, shape):
        channels = shape[-1]
        plain = {"dtype": self.dtype_policy, "use_bias": False}
        self.query = parts.dense("query", channels, channels, self.dtype_policy)
        self.key_memory = parts.dense("key_memory", channels, self.slots, **plain)
        self.value_memory = parts.dense("value_memory", self.slots, channels, **plain)
        self.project = parts.dense("project", channels, channels, **plain)
        self.norm = parts.batch_norm("norm", shape, self.dtype_policy)

    def scores_count(self, shape):
        return dot_product.scores_count(shape, keys=2 * self.slots)

    def attend(self, x, training):
        logits = self.key_memory(self.query(layout.to_pixels(x)))
        over_pixels = self.applied(parts.softmax(ops.cast(logits, self.gate_dtype), axis=1))
        total = ops.sum(over_pixels, axis=-1, keepdims=True)
        attention = over_pixels / (LEAST_SUM + total)
        read = self.project(self.value_memory(ops.cast(attention, self.compute_dtype)))
        output = ops.relu(self.norm(layout.from_pixels(read, x), training=training) + x)
        return output, {"attention": attention, "softmax": ops.swapaxes(over_pixels, 1, 2)}

    def get_config(self):
        return super().get_config() | {"slots": self.slots}

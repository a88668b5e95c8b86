"""Axial attention: along the height and along the width, each line by itself."""

import math
from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, dot_product, parts
from regard.layers.base import AttentionLayer
from regard.layers.heads import merge, split


@keras.saving.register_keras_serializable(package="regard")
class AxialAttention(AttentionLayer):
    """Lets each pixel gather values from its column, and from its row.

    For each of the two axes, with its own weights and in each head of size `d`:
    `attention = softmax(q . k / sqrt(d))` over the pixels of the query's line and
    `gathered = Wo (attention v) + bo`. The output is the sum of both, or, if `sequential`, that
    along the width of that along the height
    (Ho et al., Axial Attention in Multidimensional Transformers, arXiv:1912.12180, section 3.1).

    It differs from the paper in that one layer holds both axes. It has no positions and no
    residual: these belong to the network around it. Time and memory are in proportion to
    `pixels (rows + columns)`.

    Args:
        heads: Number of heads; it must divide `key_channels`.
        key_channels: Channels of queries, of keys and of values, all heads together; None for
            those of the input.
        sequential: Whether the width comes after the height, in place of beside it.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` holds
        `attention_along_height` of shape `(batch, column, head, query, key)`, with queries and
        keys the rows of a column, and `attention_along_width` of shape
        `(batch, row, head, query, key)`, with them the columns of a row. Both sum to 1 over the
        keys and are at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels, if `x` has
            another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = AxialAttention(heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(attention["attention_along_height"].shape)
        (2, 7, 2, 5, 5)
    """

    attention_axes: ClassVar = {
        "attention_along_height": ("batch", "column", "head", "query", "key"),
        "attention_along_width": ("batch", "row", "head", "query", "key"),
    }
    attention_kind = "distribution"
    attention_sum_axes = ("key",)

    def __init__(self, heads=8, key_channels=None, sequential=False, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.heads = arguments.integer("heads", heads)
        self.key_channels = arguments.optional(arguments.integer, "key_channels", key_channels)
        self.sequential = arguments.boolean("sequential", sequential)

    def build_for(self, shape):
        channels = shape[-1]
        inner = self.key_channels or channels
        arguments.divides("heads", self.heads, inner, "key_channels")
        self.height, self.width = (
            self._projections(axis, channels, inner) for axis in ("height", "width")
        )

    def attend(self, x, training):
        down, by_height = self._along(ops.swapaxes(x, 1, 2), self.height)
        down = ops.swapaxes(down, 1, 2)
        across, by_width = self._along(down if self.sequential else x, self.width)
        output = across if self.sequential else down + across
        return output, {"attention_along_height": by_height, "attention_along_width": by_width}

    def scores_count(self, shape):
        if None in shape:
            return None
        return self.heads * math.prod(shape[:3]) * (shape[1] + shape[2])

    def get_config(self):
        return super().get_config() | {
            "heads": self.heads,
            "key_channels": self.key_channels,
            "sequential": self.sequential,
        }

    def _projections(self, axis, channels, inner):
        dtype = self.dtype_policy
        layers = {
            name: parts.dense(f"{axis}_{name}", channels, inner, dtype, use_bias=False)
            for name in ("query", "key", "value")
        }
        return layers | {"project": parts.dense(f"{axis}_project", inner, channels, dtype)}

    def _along(self, lines, layers):
        """Attention among the pixels of each line of `(batch, line, pixel, channels)`."""
        queries, keys, values = (
            split(layers[name](lines), self.heads) for name in ("query", "key", "value")
        )
        queries = ops.cast(queries, self.gate_dtype) * queries.shape[-1] ** -0.5
        attention = self.applied(dot_product.scores(queries, ops.cast(keys, self.gate_dtype)))
        gathered = merge(dot_product.gather(attention, values))
        return layers["project"](gathered), attention

"""Outlook attention: each pixel weighs its neighbourhood by its own features alone."""

import itertools
import math

import keras
import numpy as np
from keras import ops

from regard.layers import arguments, around, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class OutlookAttention(AttentionLayer):
    """Mixes the values around each pixel by weights from that pixel, and adds the mixtures up.

    In each head of size `d`, with `k = kernel_size`, the pixel in the middle of a `k` x `k`
    window gives `attention = softmax((Wa x + ba) / sqrt(d))`, a row of `k^2` weights for each of
    the window's `k^2` pixels. `mixed = attention v` are new features of the window's pixels; each
    pixel has the sum of what the windows around it make of it, and
    `output = Wo (sum mixed) + bo`
    (Yuan et al., VOLO: Vision Outlooker for Visual Recognition, arXiv:2106.13112, equations 3
    to 5).

    The scale `1 / sqrt(d)` and the projection `Wo` are those of the authors' code, not of the
    paper. Values beyond the border are zeros and take part in the softmax; what is mixed for
    there is dropped. The stride of the authors' code is left out.

    Args:
        kernel_size: Side `k` of a window, odd.
        heads: Number of heads; it must divide the channels. None for one per 32 channels.
        use_bias: Whether the values have a bias.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, head, row, column, query, key)`: for the window around each pixel, its `k^2`
        pixels, row-major, as those that gather and those gathered from. It sums to 1 over the
        keys and is at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels, if `x` has
            another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = OutlookAttention(heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 5, 7, 9, 9))
    """

    attention_axes = ("batch", "head", "row", "column", "query", "key")
    attention_kind = "distribution"
    attention_sum_axes = ("key",)

    def __init__(self, kernel_size=3, heads=None, use_bias=False, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
        self.heads = arguments.optional(arguments.integer, "heads", heads)
        self.use_bias = arguments.boolean("use_bias", use_bias)

    def build_for(self, shape):
        channels = shape[-1]
        heads = arguments.heads_for(self.heads, channels)
        dtype = self.dtype_policy
        self.value = parts.dense("value", channels, channels, dtype, use_bias=self.use_bias)
        self.weigh = parts.dense("weigh", channels, heads * self.kernel_size**4, dtype)
        self.project = parts.dense("project", channels, channels, dtype)

    def attend(self, x, training):
        batch, rows, columns, channels = ops.shape(x)
        pixels = self.kernel_size**2
        heads = self.weigh.units // pixels**2
        logits = ops.reshape(self.weigh(x), (batch, rows, columns, heads, pixels, pixels))
        scale = (channels // heads) ** -0.5
        attention = parts.softmax(ops.cast(logits, self.gate_dtype) * scale, axis=-1)
        attention = self.applied(attention)
        values = self.value(x)
        by_offset = ops.cast(_by_offset(attention, self.kernel_size), values.dtype)
        mixed = around.gather(by_offset, around.padded(values, self.kernel_size - 1))
        return self.project(mixed), ops.transpose(attention, (0, 3, 1, 2, 4, 5))

    def scores_count(self, shape):
        if None in shape[:3]:
            return None
        heads = arguments.heads_for(self.heads, shape[3])
        return math.prod(shape[:3]) * heads * self.kernel_size**4

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "heads": self.heads,
            "use_bias": self.use_bias,
        }


def _by_offset(attention, side):
    """What all windows together give each pixel of one at an offset.

    Args:
        attention: `(batch, row, column, head, query, key)` of the window around each pixel.
        side: Side of a window.

    Returns:
        `(batch, row, column, offset, head)`, offsets from `1 - side` on, row-major.
    """
    windows = ops.unstack(attention, side**2, axis=4)
    ends = [slice(side - 1 - place, -place or None) for place in range(side)]
    moved = [
        around.padded(window, side // 2)[:, row, column]
        for window, (row, column) in zip(windows, itertools.product(ends, ends), strict=True)
    ]
    offsets = ops.cast(_offsets(side), attention.dtype)
    return ops.swapaxes(ops.matmul(ops.concatenate(moved, axis=-1), offsets), -1, -2)


def _offsets(side):
    """The key's offset from the query in a window, one-hot: `(pair, offset)`."""
    places = np.indices((side, side)).reshape(2, -1)
    down, across = (places[:, None] - places[:, :, None] + side - 1).reshape(2, -1)
    width = 2 * side - 1
    return np.eye(width**2)[down * width + across]

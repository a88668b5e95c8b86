"""Shifted-window attention: the pixels of a window attend to each other."""

import math

import keras
import numpy as np
from keras import ops

from regard.layers import arguments, dot_product, parts
from regard.layers.base import AttentionLayer
from regard.layers.heads import merge, split


@keras.saving.register_keras_serializable(package="regard")
class ShiftedWindowAttention(AttentionLayer):
    """Lets the pixels of each `window_size` x `window_size` window gather values of each other.

    In each head of size `d`: `attention = softmax(q . k / sqrt(d) + bias)` over the window, with
    a bias for each offset of the key from the query, and `output = Wo (attention v) + bo`. The
    windows begin at `shift_size`; those that the border cuts are joined to full ones by a cyclic
    shift, with a mask that keeps their pixels apart
    (Liu et al., Swin Transformer: Hierarchical Vision Transformer using Shifted Windows,
    arXiv:2103.14030, sections 3.2 and equation 4).

    A map that the window does not divide is padded at the bottom and right. The padding is
    masked: no pixel attends to it (in the authors' code pixels do). Along an axis with one window
    only, nothing is shifted, as in the authors' code.

    Args:
        window_size: Side of a window.
        shift_size: Rows and columns by which the windows are shifted, below `window_size`; 0 for
            none, None for half a window, as in each second block of the paper.
        heads: Number of heads; it must divide the channels. None for one per 32 channels.
        use_bias: Whether queries, keys and values have a bias.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, head, row, column, position)`: for each pixel, the pixels of its window,
        row-major, with 0 for padding and for pixels joined by the cyclic shift. It sums to 1
        over the positions and is at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels, if `x` has
            another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = ShiftedWindowAttention(4, heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 5, 7, 16))
    """

    attention_axes = ("batch", "head", "row", "column", "position")
    attention_kind = "distribution"
    attention_sum_axes = ("position",)
    weights_without_gradient = ("key/bias",)  # the softmax over the window takes it out

    def __init__(
        self,
        window_size=7,
        shift_size=None,
        heads=None,
        use_bias=True,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.window_size = arguments.integer("window_size", window_size)
        self.shift_size = shift_size
        if shift_size is not None:
            arguments.integer("shift_size", shift_size, least=0, most=window_size - 1)
        self.shift = window_size // 2 if shift_size is None else shift_size
        self.heads = arguments.optional(arguments.integer, "heads", heads)
        self.use_bias = arguments.boolean("use_bias", use_bias)

    def build_for(self, shape):
        channels = shape[-1]
        heads = arguments.heads_for(self.heads, channels)
        for name in ("query", "key", "value"):
            layer = parts.dense(name, channels, channels, self.dtype_policy, use_bias=self.use_bias)
            setattr(self, name, layer)
        self.project = parts.dense("project", channels, channels, self.dtype_policy)
        self.position_bias = self.add_weight(
            name="position_bias",
            shape=(heads, (2 * self.window_size - 1) ** 2),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
            dtype=self.gate_dtype,
            autocast=False,
        )

    def attend(self, x, training):
        heads = self.position_bias.shape[0]
        axes = [_Axis(size, self.window_size, self.shift) for size in ops.shape(x)[1:3]]
        pixels = _cut(x, axes)
        queries, keys, values = (
            split(layer(pixels), heads) for layer in (self.query, self.key, self.value)
        )
        queries = ops.cast(queries, self.gate_dtype) * queries.shape[-1] ** -0.5
        logits = ops.matmul(queries, ops.swapaxes(ops.cast(keys, self.gate_dtype), -1, -2))
        logits = ops.where(_allowed(*axes), logits + self._bias(), -math.inf)
        attention = self.applied(parts.softmax(logits, axis=-1))
        gathered = self.project(merge(dot_product.gather(attention, values)))
        return _joined(gathered, axes), self._by_pixel(attention, axes)

    def scores_count(self, shape):
        if None in shape[:3]:
            return None
        windows = math.prod(-(-size // self.window_size) for size in shape[1:3])
        return shape[0] * arguments.heads_for(self.heads, shape[3]) * windows * self.window_size**4

    def get_config(self):
        return super().get_config() | {
            "window_size": self.window_size,
            "shift_size": self.shift_size,
            "heads": self.heads,
            "use_bias": self.use_bias,
        }

    def _bias(self):
        """The bias of each key for each query of a window, `(head, query, key)`."""
        places = np.indices((self.window_size,) * 2).reshape(2, -1)
        down, across = places[:, None] - places[:, :, None] + self.window_size - 1
        return ops.take(self.position_bias, down * (2 * self.window_size - 1) + across, axis=1)

    def _by_pixel(self, attention, axes):
        """`(batch, window, head, query, key)` as `(batch, head, row, column, key)`."""
        heads, keys = attention.shape[2], self.window_size**2
        shape = ops.shape(attention)
        channels = ops.reshape(
            ops.swapaxes(attention, 2, 3), (shape[0], shape[1], keys, heads * keys)
        )
        pixels = _joined(channels, axes)
        by_head = ops.reshape(pixels, (*ops.shape(pixels)[:3], heads, keys))
        return ops.transpose(by_head, (0, 3, 1, 2, 4))


class _Axis:
    """How the rows, or the columns, of a map are shifted and cut into windows."""

    def __init__(self, size, window_size, shift):
        self.size, self.window_size = size, window_size
        self.windows = -(-size // window_size)
        self.padded = self.windows * window_size
        self.shift = shift * (1 - 1 // self.windows)  # none where there is one window

    def labels(self):
        """Which places may see each other: 0 or 1 beside or beyond the cut, 2 for padding."""
        places = (ops.arange(self.padded) + self.shift) % self.padded
        joined = ops.cast(places < self.shift, "int32")
        return ops.where(places < self.size, joined, 2)


def _allowed(rows, columns):
    """Which pixels of each window see each other, `(window, 1, query, key)`."""
    labels = 3 * ops.expand_dims(rows.labels(), 1) + columns.labels()
    side = rows.window_size
    grid = ops.reshape(labels, (rows.windows, side, columns.windows, side))
    pixels = ops.reshape(ops.swapaxes(grid, 1, 2), (-1, 1, side**2))
    return ops.expand_dims(pixels, 3) == ops.expand_dims(pixels, 2)


def _cut(x, axes):
    """The map as `(batch, window, pixel, channels)`, padded and shifted."""
    batch, _, _, channels = ops.shape(x)
    rows, columns = axes
    border = [(0, axis.padded - axis.size) for axis in axes]
    padded = ops.pad(x, ((0, 0), *border, (0, 0)))
    shifted = ops.roll(padded, tuple(-axis.shift for axis in axes), axis=(1, 2))
    side = rows.window_size
    grid = ops.reshape(shifted, (batch, rows.windows, side, columns.windows, side, channels))
    pixels = ops.transpose(grid, (0, 1, 3, 2, 4, 5))
    return ops.reshape(pixels, (batch, rows.windows * columns.windows, side**2, channels))


def _joined(pixels, axes):
    """What `_cut` has cut, as a map."""
    batch, _, _, channels = ops.shape(pixels)
    rows, columns = axes
    side = rows.window_size
    grid = ops.reshape(pixels, (batch, rows.windows, columns.windows, side, side, channels))
    whole = ops.reshape(
        ops.transpose(grid, (0, 1, 3, 2, 4, 5)), (batch, rows.padded, columns.padded, channels)
    )
    back = ops.roll(whole, tuple(axis.shift for axis in axes), axis=(1, 2))
    return back[:, : rows.size, : columns.size]

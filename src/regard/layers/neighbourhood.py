"""Neighbourhood attention: each pixel attends to as many pixels, at the border too."""

import math

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class NeighbourhoodAttention(AttentionLayer):
    """Lets each pixel gather values from the `kernel_size` x `kernel_size` pixels next to it.

    In each head of size `d`: `attention = softmax(q . k / sqrt(d) + bias)` over the
    neighbourhood, with a bias for each offset of the key from the query, and
    `output = Wo (attention v) + bo`. Near the border the neighbourhood is moved inwards, so that
    each pixel has as many neighbours
    (Hassani et al., Neighborhood Attention Transformer, arXiv:2204.07143, equations 2 to 4).

    As in the authors' code, the bias is added after the scale; the paper scales it too.
    On a map smaller than the kernel, which the paper does not allow, all its rows or columns are
    neighbours, and the positions left over have no weight.

    Args:
        kernel_size: Side of the neighbourhood, odd.
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
        `(batch, head, row, column, position)`, with the neighbours row-major. It sums to 1 over
        them and is at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels, if `x` has
            another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = NeighbourhoodAttention(3, heads=2, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 5, 7, 9))
    """

    attention_axes = ("batch", "head", "row", "column", "position")
    attention_kind = "distribution"
    attention_sum_axes = ("position",)
    weights_without_gradient = ("key/bias",)  # the softmax over the neighbours takes it out

    def __init__(self, kernel_size=7, heads=None, use_bias=True, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
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
            shape=(heads, 2 * self.kernel_size - 1, 2 * self.kernel_size - 1),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
            dtype=self.gate_dtype,
            autocast=False,
        )

    def attend(self, x, training):
        rows, columns = (_neighbours(size, self.kernel_size) for size in ops.shape(x)[1:3])
        queries, keys, values = (
            self._heads(layer(x)) for layer in (self.query, self.key, self.value)
        )
        queries = ops.cast(queries, self.gate_dtype) * queries.shape[-1] ** -0.5
        keys = ops.cast(_gathered(keys, rows, columns), self.gate_dtype)
        logits = ops.einsum("bijnd,biajcnd->bnijac", queries, keys) + self._bias(rows, columns)
        attention = parts.softmax(_flat(ops.where(_on_map(rows, columns), logits, -math.inf)))
        attention = self.applied(attention)
        weights = ops.reshape(ops.cast(attention, values.dtype), ops.shape(logits))
        gathered = ops.einsum("bnijac,biajcnd->bijnd", weights, _gathered(values, rows, columns))
        return self.project(ops.reshape(gathered, ops.shape(x))), attention

    def scores_count(self, shape):
        if None in shape[:3]:
            return None
        heads = arguments.heads_for(self.heads, shape[3])
        return math.prod(shape[:3]) * heads * self.kernel_size**2

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "heads": self.heads,
            "use_bias": self.use_bias,
        }

    def _heads(self, x):
        heads = self.position_bias.shape[0]
        return ops.reshape(x, (*ops.shape(x)[:3], heads, x.shape[-1] // heads))

    def _bias(self, rows, columns):
        """The bias of each neighbour, `(head, row, column, neighbour row, neighbour column)`."""
        by_row = ops.take(self.position_bias, rows["offset"], axis=1)
        return ops.transpose(ops.take(by_row, columns["offset"], axis=3), (0, 1, 3, 2, 4))


def _neighbours(size, kernel_size):
    """The neighbours along one axis: `(place, neighbour)` of place, offset, and if on the map."""
    own = ops.expand_dims(ops.arange(size), 1)
    first = ops.minimum(ops.maximum(own - kernel_size // 2, 0), ops.maximum(size - kernel_size, 0))
    places = first + ops.arange(kernel_size)
    return {
        "place": ops.minimum(places, size - 1),
        "offset": places - own + kernel_size - 1,
        "on_map": places < size,
    }


def _gathered(x, rows, columns):
    """Each pixel's neighbours: `(batch, row, its neighbours, column, its neighbours, ...)`."""
    return ops.take(ops.take(x, rows["place"], axis=1), columns["place"], axis=3)


def _on_map(rows, columns):
    """Which neighbours there are, `(row, column, neighbour row, neighbour column)`."""
    return ops.logical_and(
        ops.expand_dims(rows["on_map"], (1, 3)), ops.expand_dims(columns["on_map"], (0, 2))
    )


def _flat(logits):
    return ops.reshape(logits, (*ops.shape(logits)[:-2], logits.shape[-2] * logits.shape[-1]))

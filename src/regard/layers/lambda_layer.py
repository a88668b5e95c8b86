"""Lambda layer: each pixel's query is mapped by a linear function of its surroundings."""

import math

import keras
import numpy as np
from keras import ops

from regard.layers import arguments, layout, parts
from regard.layers.base import AttentionLayer

TABLE = 2**24  # numbers of the positions' table up to which it is made: 64 MiB of float32


@keras.saving.register_keras_serializable(package="regard")
class LambdaLayer(AttentionLayer):
    """Sums up the surroundings of each pixel as a matrix, and applies it to the queries.

    With `k = softmax(Wk x)` over the pixels, `v = norm(Wv x)` and, in each head,
    `q = norm(Wq x)`: the content lambda is `sum_m k_m v_m^T`, the same for all pixels, the
    position lambda of pixel `n` is `sum_m E[m - n] v_m^T` over its surroundings, and
    `output_n = (content + position_n)^T q_n`; the heads share `k`, `v` and `E`
    (Bello, LambdaNetworks: Modeling Long-Range Interactions Without Attention,
    arXiv:2102.08602, sections 3.1 and 3.2, with an intra-depth of 1).

    There is no map of queries and keys: the softmax of the keys is what the layer can show.
    Both norms are batch norms. Beyond the border values are zero. In the local form the position
    lambda has a bias, which the global form and the paper have not. The output, a product of
    features, is clipped to what float16 holds if that is the compute dtype.

    Args:
        filters: Channels of the output; None for those of the input.
        heads: Number of heads; it must divide `filters`.
        key_channels: Size of a query and of a key, in each head.
        kernel_size: Side of the surroundings for the position, odd; None for the whole map,
            whose size must then be known.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Image features of shape `(batch, row, column, channels)` or
            `(batch, channels, row, column)`.
        return_attention_scores: Whether to return the softmax of the keys too.

    Returns:
        A feature map of the size of `x` with `filters` channels; or `(output, attention)`,
        where `attention` has shape `(batch, channel, key)`: for each of `key_channels`, a
        weight for each of the row-major pixels. It sums to 1 over them and is at least float32.

    Raises:
        ValueError: If an argument is out of range or does not go with the channels, if `x` has
            another rank, if its number of channels is unknown, or, without `kernel_size`, its
            size.

    Example:
        >>> import numpy as np
        >>> layer = LambdaLayer(key_channels=4, kernel_size=3, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 4, 35))
    """

    attention_axes = ("batch", "channel", "key")
    attention_kind = "distribution"
    attention_sum_axes = ("key",)

    def __init__(
        self,
        filters=None,
        heads=4,
        key_channels=16,
        kernel_size=23,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.filters = arguments.optional(arguments.integer, "filters", filters)
        self.heads = arguments.integer("heads", heads)
        self.key_channels = arguments.integer("key_channels", key_channels)
        self.kernel_size = arguments.optional(arguments.odd, "kernel_size", kernel_size)
        self.fixed_size = kernel_size is None
        self.keeps_shape = filters is None

    def build_for(self, shape):
        _, rows, columns, channels = shape
        filters = self.filters or channels
        arguments.divides("heads", self.heads, filters, "filters")
        width, values = self.heads * self.key_channels, filters // self.heads
        options = {"dtype": self.dtype_policy, "use_bias": False}
        self.query = parts.dense("query", channels, width, **options)
        self.key = parts.dense("key", channels, self.key_channels, **options)
        self.value = parts.dense("value", channels, values, **options)
        self.query_norm = parts.batch_norm("query_norm", (*shape[:-1], width), self.dtype_policy)
        self.value_norm = parts.batch_norm("value_norm", (*shape[:-1], values), self.dtype_policy)
        self.position = parts.convolution(
            "position",
            (None, rows, columns, 1),
            self.key_channels,
            self.kernel_size or (2 * rows - 1, 2 * columns - 1),
            self.dtype_policy,
            use_bias=self.kernel_size is not None,
        )

    def attend(self, x, training):
        queries = self.query_norm(self.query(x), training=training)
        values = self.value_norm(self.value(x), training=training)
        keys = layout.to_pixels(ops.cast(self.key(x), self.gate_dtype))
        attention = self.applied(parts.softmax(ops.swapaxes(keys, 1, 2), axis=-1))
        content = ops.matmul(attention, layout.to_pixels(ops.cast(values, self.gate_dtype)))
        lambdas = ops.expand_dims(content, 1) + self._position_lambdas(values)
        output = ops.matmul(self._split(queries), lambdas)
        pixels = ops.reshape(output, (ops.shape(x)[0], -1, self.heads * values.shape[-1]))
        return layout.from_pixels(parts.saturated(pixels, x.dtype), x), attention

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "heads": self.heads,
            "key_channels": self.key_channels,
            "kernel_size": self.kernel_size,
        }

    def _split(self, queries):
        """The queries as `(batch, pixel, head, key channel)`."""
        shape = (ops.shape(queries)[0], -1, self.heads, self.key_channels)
        return ops.cast(ops.reshape(queries, shape), self.gate_dtype)

    def _position_lambdas(self, values):
        """The position lambda of each pixel, as `(batch, pixel, key channel, value channel)`."""
        takes_table = self._takes_table(*values.shape[1:3])
        lambdas = self._by_table(values) if takes_table else self._by_convolution(values)
        return ops.cast(lambdas, self.gate_dtype)

    def _takes_table(self, rows, columns):
        """Whether a table of all pairs of pixels takes no more products than the kernel."""
        if not (isinstance(rows, int) and isinstance(columns, int)):
            return False
        pixels, places = rows * columns, math.prod(self.position.kernel_size)
        return pixels <= places and pixels**2 * self.key_channels <= TABLE

    def _by_table(self, values):
        """One product of all pixels' kernels with the values of all images."""
        batch, rows, columns, channels = ops.shape(values)
        kernel = ops.cast(self.position.kernel, values.dtype)
        table = ops.reshape(_kernel_of_pairs(kernel, rows, columns), (-1, rows * columns))
        images = ops.reshape(ops.moveaxis(values, 0, 2), (rows * columns, -1))
        lambdas = ops.reshape(
            ops.matmul(table, images), (rows * columns, self.key_channels, batch, channels)
        )
        lambdas = ops.transpose(lambdas, (2, 0, 1, 3))
        if not self.position.use_bias:
            return lambdas
        return lambdas + ops.expand_dims(ops.cast(self.position.bias, values.dtype), -1)

    def _by_convolution(self, values):
        """A convolution of each value channel by itself."""
        batch, rows, columns, channels = ops.shape(values)
        alone = ops.reshape(ops.moveaxis(values, -1, 1), (-1, rows, columns, 1))
        lambdas = ops.reshape(self.position(alone), (batch, channels, -1, self.key_channels))
        return ops.transpose(lambdas, (0, 2, 3, 1))


def _kernel_of_pairs(kernel, rows, columns):
    """What the kernel has for each pair, `(row, column, channel, its row, its column)`.

    Beyond the kernel it is zero.
    """
    lacking = [
        max(n - 1 - k // 2, 0) for n, k in zip((rows, columns), kernel.shape[:2], strict=True)
    ]
    padded = ops.pad(ops.squeeze(kernel, 2), (*((n, n) for n in lacking), (0, 0)))
    by_row = ops.take(padded, _places(rows, padded.shape[0]), axis=0)
    by_pair = ops.take(by_row, _places(columns, padded.shape[1]), axis=2)
    return ops.transpose(by_pair, (0, 2, 4, 1, 3))


def _places(size, places):
    """Where an axis of the kernel has the offset of each pixel from each, `(pixel, other)`."""
    own = np.arange(size)
    return own - own[:, None] + places // 2

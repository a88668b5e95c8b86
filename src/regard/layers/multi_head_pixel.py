"""Multi-head attention over the pixels, with grouped queries, rotary places and registers."""

import keras
from keras import ops

from regard.layers import arguments, dot_product, heads, layout, parts, resampling, rotary
from regard.layers.base import AttentionLayer

AXES = ("batch", "head", "query", "key")


@keras.saving.register_keras_serializable(package="regard")
class MultiHeadPixelAttention(AttentionLayer):
    """Adds to each pixel what the heads gather from all pixels, by a factor that starts at 0.

    In each head `attention = softmax(q k^T / sqrt(key_channels))` over the keys, and
    `output = x + gamma * ((concatenated attention v) Wo + bo)`, where `q = x Wq + bq`, and `k` and
    `v` likewise (Vaswani et al., arXiv:1706.03762). `gamma` is learned and starts at 0: the
    untrained layer is the identity. The output alone takes memory linear in the pixels. Options:

    - grouped queries: heads share keys and values (Ainslie et al., arXiv:2305.13245);
    - rotary places: the first half of each head's channels turns with the row, the second with
      the column (Su et al., arXiv:2104.09864; Heo et al., arXiv:2403.13298, its axial form with
      base 100), so that the attention depends on places by their distance;
    - registers: learned keys and values beside the pixels', which take the attention that no
      pixel deserves (after Darcet et al., arXiv:2309.16588, whose registers are tokens of the
      whole network);
    - pooled keys and values: from the means of square cells (after Wang et al.,
      arXiv:2102.12122, who use a convolution); a cell's place is its centre.

    Args:
        heads: Number of heads, an integer of at least 1.
        key_channels: Channels of ONE head's queries, keys and values; by default
            `channels / heads`, which must then be whole. With `rotary` divisible by 4.
        key_value_heads: Number of different heads of keys and values, which must divide `heads`;
            by default as many.
        rotary: Whether queries and keys are turned by their places.
        registers: Number of learned keys and values, at least 0.
        pool_size: Pixels a side of a cell of keys and values, at least 1.
        use_bias: Whether the dense maps have biases.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, height, width, channels)` or
            `(batch, channels, height, width)` of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, heads, pixels, cells)`, queries before keys, both in row-major order, values in
        0…1 of at least float32 precision; each query's row sums to 1. With registers it is a
        dictionary: `pixel` of that shape, which can be drawn as it is, and `register` of shape
        `(batch, heads, pixels, registers)`; a query's rows of both together sum to 1.

    Raises:
        ValueError: If an argument is out of range or does not go with another, if `x` has
            another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = MultiHeadPixelAttention(heads=2, registers=3, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention["pixel"].shape)
        ((2, 5, 7, 8), (2, 2, 35, 35))
    """

    attention_axes = AXES
    attention_kind = "distribution"
    attention_sum_axes = ("key",)
    starts_as_identity = True
    weights_without_gradient = ("key/bias",)  # the softmax over the keys takes it out

    def __init__(
        self,
        heads=8,
        key_channels=None,
        key_value_heads=None,
        rotary=False,
        registers=0,
        pool_size=1,
        use_bias=True,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.heads = arguments.integer("heads", heads)
        self.key_channels = arguments.optional(arguments.integer, "key_channels", key_channels)
        self.key_value_heads = arguments.optional(
            arguments.integer, "key_value_heads", key_value_heads
        )
        self.rotary = arguments.boolean("rotary", rotary)
        self.registers = arguments.integer("registers", registers, least=0)
        self.pool_size = arguments.integer("pool_size", pool_size)
        self.use_bias = arguments.boolean("use_bias", use_bias)
        arguments.divides("key_value_heads", key_value_heads or heads, heads, "heads")
        if registers:
            self.attention_axes = {"pixel": AXES, "register": (*AXES[:-1], "group")}
            self.attention_kind = "gate"
            self.attention_sum_axes = ()
        if registers or rotary:
            self.weights_without_gradient = ()

    def build_for(self, shape):
        channels = shape[-1]
        if self.key_channels is None:
            arguments.divides("heads", self.heads, channels)
        size = self.key_channels or channels // self.heads
        if self.rotary and size % 4:
            raise ValueError(
                f"rotary=True needs key_channels divisible by 4, not {size}: pairs that turn with "
                "the row and with the column. Give key_channels, or other heads."
            )
        sharing = self.key_value_heads or self.heads
        options = {"dtype": self.dtype_policy, "use_bias": self.use_bias}
        self.query = parts.dense("query", channels, self.heads * size, **options)
        self.key = parts.dense("key", channels, sharing * size, **options)
        self.value = parts.dense("value", channels, sharing * size, **options)
        self.project = parts.dense("project", self.heads * size, channels, **options)
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")
        for name in ("register_keys", "register_values") if self.registers else ():
            initializer = keras.initializers.RandomNormal(stddev=0.02)
            shape = (sharing, self.registers, size)
            setattr(self, name, self.add_weight(shape, initializer, name=name))

    def scores_count(self, shape):
        if None in shape[1:-1]:
            return None
        height, width = (resampling.cells(size, self.pool_size) for size in shape[1:-1])
        return dot_product.scores_count(shape, self.heads, height * width + self.registers)

    def attend(self, x, training):
        queries, keys, values = self._queries_keys_values(x)
        attention = dot_product.scores(queries, keys)
        output = self._added(x, dot_product.gather(attention, values))
        attention, after = self._by_head(attention), -self.registers
        if not self.registers:
            return output, attention
        return output, {"pixel": attention[..., :after], "register": attention[..., after:]}

    def output_of(self, x, training):
        return self._added(x, dot_product.attend(*self._queries_keys_values(x)))

    def _queries_keys_values(self, x):
        """Each of shape `(batch, key_value_heads, rows, size)`; a group's queries are one run."""
        cells, rows, columns = self._cells(x)
        queries = heads.split(layout.to_pixels(self.query(x)), self.heads)
        keys, values = (
            heads.split(layout.to_pixels(dense(cells)), self.key_value_heads or self.heads)
            for dense in (self.key, self.value)
        )
        queries, keys = (ops.cast(each, self.gate_dtype) for each in (queries, keys))
        if self.rotary:
            queries = rotary.rotate(queries, *map(self._places, ops.shape(x)[1:3]))
            keys = rotary.rotate(keys, rows, columns)
        size = queries.shape[-1]
        queries = ops.reshape(queries * size**-0.5, (ops.shape(x)[0], keys.shape[1], -1, size))
        queries, keys = self.applied(queries), self.applied(keys)
        if not self.registers:
            return queries, keys, values
        return queries, _after(keys, self.register_keys), _after(values, self.register_values)

    def _cells(self, x):
        """Returns the map that the keys are of, and the places of its rows and columns."""
        sizes = ops.shape(x)[1:3]
        places = map(self._places, sizes)
        if self.pool_size == 1:
            return x, *places
        means = [resampling.cell_means(n, self.pool_size, self.gate_dtype) for n in sizes]
        cells = resampling.apply(*means, ops.cast(x, self.gate_dtype))
        return ops.cast(cells, x.dtype), *map(ops.matmul, means, places)

    def _places(self, size):
        return ops.cast(ops.arange(size, dtype="int32"), self.gate_dtype)

    def _by_head(self, rows):
        """`(batch, key_value_heads, rows, n)` as `(batch, heads, pixels, n)`."""
        return ops.reshape(rows, (ops.shape(rows)[0], self.heads, -1, ops.shape(rows)[-1]))

    def _added(self, x, gathered):
        merged = heads.merge(self._by_head(gathered))
        return x + self.gamma * layout.from_pixels(self.project(merged), x)

    def get_config(self):
        return super().get_config() | {
            "heads": self.heads,
            "key_channels": self.key_channels,
            "key_value_heads": self.key_value_heads,
            "rotary": self.rotary,
            "registers": self.registers,
            "pool_size": self.pool_size,
            "use_bias": self.use_bias,
        }


def _after(features, registers):
    """Returns `(batch, heads, cells, size)` with the registers of each head after the cells."""
    shape = (ops.shape(features)[0], *registers.shape)
    registers = ops.broadcast_to(ops.cast(registers, features.dtype)[None], shape)
    return ops.concatenate([features, registers], axis=2)

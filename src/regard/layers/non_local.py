"""Non-local blocks: each pixel gathers from all pixels, by one of four ways to compare two."""

import math

import keras
from keras import ops

from regard.layers import arguments, dot_product, layout, parts
from regard.layers.base import AttentionLayer

# Kind and range of the attention. A gate here grows with the input, without bound.
_ATTENTION = {
    "embedded_gaussian": ("distribution", (0.0, 1.0)),
    "gaussian": ("distribution", (0.0, 1.0)),
    "dot_product": ("gate", (None, None)),
    "concatenation": ("gate", (0.0, None)),
}


@keras.saving.register_keras_serializable(package="regard")
class NonLocal(AttentionLayer):
    """Adds to each pixel what it gathers from all pixels, by their likeness to it.

    With `queries = x Wq + bq`, `keys = x Wk + bk`, `values = x Wv + bv` and `n` keys,
    `output = x + norm((attention values) Wo + bo)`, where `attention` by `mode` is

    - `"embedded_gaussian"`: `softmax(queries keys^T)` over the keys;
    - `"gaussian"`: `softmax(x x^T)` over the keys, so without `Wq` and `Wk`;
    - `"dot_product"`: `queries keys^T / n`, signed;
    - `"concatenation"`: `relu(queries wq + keys wk) / n` of each pair, never negative

    (Wang et al., Non-local Neural Networks, arXiv:1711.07971). `norm` is a batch normalisation
    whose factor starts at 0, so that the untrained layer is the identity.

    The output alone takes memory linear in the pixels, by `"dot_product"` time too; but
    `"concatenation"` always holds queries x keys numbers. The last two modes grow as the cube and
    the square of the input; in float16 their output is kept within the finite numbers.

    Args:
        mode: `"embedded_gaussian"`, `"gaussian"`, `"dot_product"` or `"concatenation"`.
        reduction_ratio: Channels per channel of queries, keys and values, at least 1.
        reduced_channels: Size of queries, keys and values, at least 1, in place of
            `reduction_ratio`.
        subsample: Whether keys and values are max-pooled by 2 along each spatial axis; the last
            of an odd size is left out.
        use_batch_norm: Whether there is `norm`; without, `Wo` starts at 0.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, queries, keys)`, pixels in row-major order, of at least float32 precision; in the
        softmax modes values in 0…1, and each query's row sums to 1.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels or fewer than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = NonLocal(subsample=True, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 35, 6))
    """

    attention_axes = ("batch", "query", "key")
    ranks = (3, 4, 5)
    starts_as_identity = True

    def __init__(
        self,
        mode="embedded_gaussian",
        reduction_ratio=2,
        reduced_channels=None,
        subsample=False,
        use_batch_norm=True,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.mode = arguments.one_of("mode", mode, tuple(_ATTENTION))
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.subsample = arguments.boolean("subsample", subsample)
        self.use_batch_norm = arguments.boolean("use_batch_norm", use_batch_norm)
        self.attention_kind, self.attention_range = _ATTENTION[mode]
        self._bounded = self.attention_kind == "distribution"
        self.attention_sum_axes = ("key",) if self._bounded else ()
        self.weights_without_gradient = tuple(self._cancelled())

    def _cancelled(self):  # by the softmax or the batch normalisation
        if self.mode == "embedded_gaussian":
            yield "key/bias"
        if self.use_batch_norm:
            yield "project/bias"
            if self._bounded:
                yield "value/bias"

    def build_for(self, shape):
        channels = shape[-1]
        reduced = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        if self.mode != "gaussian":
            self.query = parts.dense("query", channels, reduced, self.dtype_policy)
            self.key = parts.dense("key", channels, reduced, self.dtype_policy)
        self.value = parts.dense("value", channels, reduced, self.dtype_policy)
        if self.mode == "concatenation":
            options = {"dtype": self.gate_dtype, "use_bias": False}
            self.compare_query = parts.dense("compare_query", reduced, 1, **options)
            self.compare_key = parts.dense("compare_key", reduced, 1, **options)
        self._build_output(reduced, channels)

    def _build_output(self, reduced, channels):
        dtype = self.dtype_policy if self._bounded else self.gate_dtype
        start = "glorot_uniform" if self.use_batch_norm else "zeros"
        self.project = parts.dense("project", reduced, channels, dtype, kernel_initializer=start)
        if self.use_batch_norm:
            pixels = (None, None, channels)
            self.norm = parts.batch_norm("norm", pixels, dtype, gamma_initializer="zeros")

    def scores_count(self, shape):
        if not self.subsample or None in shape[1:-1]:
            return dot_product.scores_count(shape)
        return dot_product.scores_count(shape, keys=math.prod(map(_half, shape[1:-1])))

    def attend(self, x, training):
        queries, keys, values = self._queries_keys_values(x)
        attention = self._attention(queries, keys)
        if self.mode == "dot_product":
            gathered = _gather_linearly(queries, keys, values)
        else:
            gathered = dot_product.gather(attention, values)
        return self._added(x, gathered, training), attention

    def output_of(self, x, training):
        if self.mode == "concatenation":
            return self.attend(x, training)[0]
        gather = dot_product.attend if self._bounded else _gather_linearly
        return self._added(x, gather(*self._queries_keys_values(x)), training)

    def get_config(self):
        return super().get_config() | {
            "mode": self.mode,
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
            "subsample": self.subsample,
            "use_batch_norm": self.use_batch_norm,
        }

    def _queries_keys_values(self, x):
        gaussian = self.mode == "gaussian"
        queries = ops.cast(x if gaussian else self.query(x), self.gate_dtype)
        keys = ops.cast(self._keys(x if gaussian else self.key(x)), self.gate_dtype)
        values = self._keys(self.value(x))
        values = values if self._bounded else ops.cast(values, self.gate_dtype)
        queries, keys, values = map(layout.to_pixels, (queries, keys, values))
        return self.applied(queries), self.applied(keys), values

    def _keys(self, features):
        if not self.subsample:
            return features
        whole = (slice(_half(size)) for size in ops.shape(features)[1:-1])
        return parts.max_pool(features, 2)[(slice(None), *whole)]

    def _attention(self, queries, keys):
        if self._bounded:
            return dot_product.scores(queries, keys)
        if self.mode == "dot_product":
            return ops.matmul(queries, ops.swapaxes(keys, 1, 2)) / _count(keys)
        pairs = self.compare_query(queries) + ops.swapaxes(self.compare_key(keys), 1, 2)
        return ops.relu(pairs) / _count(keys)

    def _added(self, x, gathered, training):
        update = self.project(gathered)
        if self.use_batch_norm:
            update = self.norm(update, training=training)
        output = ops.cast(x, update.dtype) + layout.from_pixels(update, x)
        return output if self._bounded else parts.saturated(output, x.dtype)


def _half(size):
    """Half of a size, rounded down; a size of 1 stays."""
    return size // 2 + 1 // size


def _gather_linearly(queries, keys, values):
    """`(queries keys^T / n) values`, the keys' product with the values first."""
    return ops.matmul(queries, ops.matmul(ops.swapaxes(keys, 1, 2), values) / _count(keys))


def _count(keys):
    return ops.cast(ops.shape(keys)[1], keys.dtype)

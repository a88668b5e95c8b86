"""Dot-product attention: stock Keras's on lists, and over the pixels of one feature map."""

import math
import warnings

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="regard")
class Attention(keras.layers.Attention):
    """Lets each pixel of a feature map gather from all pixels, or is Keras's own `Attention`.

    Called on a list `[query, value]` or `[query, value, key]`, this is `keras.layers.Attention`,
    bit for bit. Called on one feature map `x`, each pixel is a query and all pixels are keys:

    `A = softmax(scale * (x Wq + bq) (x Wk + bk)^T / sqrt(units))` over the keys, and
    `output = x + gamma * A (x Wv + bv)`

    (self-attention of SAGAN, arXiv:1805.08318, with the scaled dot product of arXiv:1706.03762;
    `scale` is 1 unless `use_scale=True`). `gamma` is learned and starts at 0: the untrained
    attention layer is the identity, so a network begins as the plain CNN that it would be
    without it, and attention grows only where it lowers the loss. The softmax is computed in
    float32 whatever the layer's precision.

    Args:
        use_scale: Whether the logits have a learned scalar factor, which starts at 1.
        score_mode: `"dot"`; `"concat"` with lists only.
        dropout: Fraction of the attention weights dropped in training, 0…1.
        seed: Integer seed of the dropout.
        units: Size of the queries and keys, an integer of at least 1; by default an eighth of
            the channels, as in SAGAN, and at least 1. For one feature map only.
        return_attention: Marks this layer as the one whose maps `regard.attention_maps` reads by
            default. The layer still returns one tensor, so that it stands in `Sequential`; for
            two, call it with `return_attention_scores=True`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        inputs: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size; or a list as
            for `keras.layers.Attention`.
        return_attention_scores: Whether to return the attention weights too.

    Returns:
        A tensor of the shape of `inputs`; or `(output, attention)`, where `attention` has shape
        `(batch, pixels, pixels)`, queries before keys, pixels in row-major order, values in 0…1
        of at least float32 precision; each query's row sums to 1. For lists as in Keras.

    Raises:
        ValueError: If an argument is out of range, if one feature map has another rank or an
            unknown number of channels, or if an argument does not go with the input's form.

    Example:
        >>> import numpy as np
        >>> layer = Attention(units=4, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 35, 35))
    """

    attention_axes = ("batch", "query", "key")
    attention_kind = "distribution"
    attention_range = (0.0, 1.0)

    def __init__(
        self,
        use_scale=False,
        score_mode="dot",
        dropout=0.0,
        seed=None,
        *,
        units=None,
        return_attention=False,
        data_format=None,
        **kwargs,
    ):
        if units is not None and (isinstance(units, bool) or not isinstance(units, int)):
            raise ValueError(f"units must be an integer of at least 1, not {units!r}.")
        if units is not None and units < 1:
            raise ValueError(f"units must be an integer of at least 1, not {units!r}.")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout must be a fraction in 0…1, not {dropout!r}.")
        data_format = data_format or keras.config.image_data_format()
        if data_format not in ("channels_last", "channels_first"):
            raise ValueError(
                f"data_format must be 'channels_last' or 'channels_first', not {data_format!r}."
            )
        super().__init__(use_scale, score_mode, dropout, seed, **kwargs)
        self.units = units
        self.return_attention = return_attention
        self.data_format = data_format

    def build(self, input_shape):
        if _is_one_shape(input_shape):
            self._build_over_pixels(tuple(input_shape))
            return
        if self.units is not None:
            raise ValueError(
                f"units={self.units} is for one feature map, but {self.name} got a list. "
                "Call it as layer(x), or leave units out."
            )
        if max(len(shape) for shape in input_shape) > 3:
            warnings.warn(
                f"{self.name} got a list of maps of shape {tuple(input_shape[0])}: each pixel "
                "attends only along its row, as in Keras. To attend over all pixels, call "
                "layer(x) with the feature map alone.",
                stacklevel=2,
            )
        super().build(input_shape)

    def _build_over_pixels(self, shape):
        if len(shape) not in (3, 4, 5):
            raise ValueError(
                f"{self.name} takes a feature map of rank 3, 4 or 5, but got shape {shape}."
            )
        if self.score_mode != "dot":
            raise ValueError(
                f"score_mode={self.score_mode!r} needs a list [query, value]; over the pixels of "
                "one feature map use score_mode='dot'."
            )
        channels = shape[self._channel_axis(shape)]
        if channels is None:
            raise ValueError(
                f"{self.name} needs a known number of channels, but axis "
                f"{self._channel_axis(shape)} ({self.data_format}) of {shape} is unknown."
            )
        units = self.units or max(1, channels // 8)
        self.query = keras.layers.Dense(units, dtype=self.dtype_policy, name="query")
        self.key = keras.layers.Dense(units, dtype=self.dtype_policy, name="key")
        self.value = keras.layers.Dense(channels, dtype=self.dtype_policy, name="value")
        for projection in (self.query, self.key, self.value):
            projection.build((None, None, channels))
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")
        self.scale = (
            self.add_weight(name="scale", shape=(), initializer="ones") if self.use_scale else None
        )

    def call(
        self,
        inputs,
        mask=None,
        training=False,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        if isinstance(inputs, list):
            return super().call(inputs, mask, training, return_attention_scores, use_causal_mask)
        if use_causal_mask:
            raise ValueError(
                "use_causal_mask=True needs a list: the pixels of a map have no order."
            )
        pixels = self._to_pixels(inputs)
        attention = self._attention(pixels)
        weights = attention
        if training and self.dropout > 0:
            weights = keras.random.dropout(attention, self.dropout, seed=self.seed_generator)
        gathered = ops.matmul(ops.cast(weights, self.compute_dtype), self.value(pixels))
        output = inputs + self._from_pixels(self.gamma * gathered, inputs)
        return (output, attention) if return_attention_scores else output

    def _attention(self, pixels):
        precise = keras.backend.result_type(self.compute_dtype, "float32")
        queries = ops.cast(self.query(pixels), precise) / math.sqrt(self.query.units)
        keys = ops.cast(self.key(pixels), precise)
        logits = ops.matmul(queries, ops.swapaxes(keys, 1, 2))
        if self.scale is not None:
            logits = logits * ops.cast(self.scale, precise)
        return ops.softmax(logits, axis=-1)

    def _channel_axis(self, shape):
        return len(shape) - 1 if self.data_format == "channels_last" else 1

    def _to_pixels(self, x):
        channels = x.shape[self._channel_axis(x.shape)]
        if self.data_format == "channels_first":
            x = ops.moveaxis(x, 1, -1)
        return ops.reshape(x, (ops.shape(x)[0], -1, channels))

    def _from_pixels(self, pixels, like):
        shape = ops.shape(like)
        if self.data_format == "channels_last":
            return ops.reshape(pixels, shape)
        channels_last = ops.reshape(pixels, (shape[0], *shape[2:], shape[1]))
        return ops.moveaxis(channels_last, -1, 1)

    def compute_mask(self, inputs, mask=None):
        return super().compute_mask(inputs, mask) if isinstance(inputs, list) else None

    def compute_output_shape(self, input_shape):
        if _is_one_shape(input_shape):
            return tuple(input_shape)
        return super().compute_output_shape(input_shape)

    def compute_output_spec(
        self,
        inputs,
        mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        if isinstance(inputs, list):
            return super().compute_output_spec(
                inputs, mask, return_attention_scores, training, use_causal_mask
            )
        output = keras.KerasTensor(inputs.shape, self.compute_dtype)
        if not return_attention_scores:
            return output
        channel_axis = self._channel_axis(inputs.shape)
        spatial = [n for axis, n in enumerate(inputs.shape) if axis not in (0, channel_axis)]
        pixels = None if None in spatial else math.prod(spatial)
        precise = keras.backend.result_type(self.compute_dtype, "float32")
        return output, keras.KerasTensor((inputs.shape[0], pixels, pixels), precise)

    def get_config(self):
        return super().get_config() | {
            "units": self.units,
            "return_attention": self.return_attention,
            "data_format": self.data_format,
        }


def _is_one_shape(shape):
    return all(size is None or isinstance(size, int) for size in shape)

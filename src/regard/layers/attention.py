"""Dot-product attention: stock Keras's on lists, and over the pixels of one feature map."""

import math
import warnings

import keras
from keras import ops

from regard.layers import arguments, dot_product, layout, parts
from regard.layers.applied import AppliesAttention
from regard.layers.scores_limit import refuse_over_limit


@keras.saving.register_keras_serializable(package="regard")
class Attention(AppliesAttention, keras.layers.Attention):
    """Lets each pixel of a feature map gather from all pixels, or is Keras's own `Attention`.

    Called on a list `[query, value]` or `[query, value, key]`, this is `keras.layers.Attention`,
    bit for bit. Called on one feature map `x`, each pixel is a query and all pixels are keys:

    `A = softmax(scale * (x Wq + bq) (x Wk + bk)^T / sqrt(units))` over the keys, and
    `output = x + gamma * A (x Wv + bv)`

    (self-attention of SAGAN, arXiv:1805.08318, with the scaled dot product of arXiv:1706.03762;
    `scale` is 1 unless `use_scale=True`). `gamma` is learned and starts at 0 unless told otherwise:
    the untrained attention layer is the identity, so a network begins as the plain CNN that it
    would be without it, and attention grows only where it lowers the loss. In a network trained
    from its start with few epochs, `gamma_initializer="ones"` may serve better: the attention
    takes part from the first step. The softmax is computed in
    float32 whatever the layer's precision. Unless the attention is asked for, or dropped out in
    training, the memory grows linearly with the number of pixels.

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
        gamma_initializer: What `gamma` starts at, a Keras initializer. For one feature map only.
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
        MemoryError: If the attention asked for is larger than `regard.layers.limit_scores` allows.
        TypeError: If an argument is not known.
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
    attention_sum_axes = ("key",)
    ranks = (3, 4, 5)
    starts_as_identity = True
    weights_without_gradient = ("key/bias",)

    def __init__(
        self,
        use_scale=False,
        score_mode="dot",
        dropout=0.0,
        seed=None,
        *,
        units=None,
        return_attention=False,
        gamma_initializer="zeros",
        data_format=None,
        **kwargs,
    ):
        arguments.known_keywords(type(self), kwargs)
        arguments.boolean("use_scale", use_scale)
        arguments.one_of("score_mode", score_mode, ("dot", "concat"))
        arguments.number("dropout", dropout, least=0, most=1)
        arguments.optional(arguments.integer, "seed", seed)
        super().__init__(use_scale, score_mode, dropout, seed, **kwargs)
        self.units = arguments.optional(arguments.integer, "units", units)
        self.return_attention = arguments.boolean("return_attention", return_attention)
        self.gamma_initializer = arguments.initializer("gamma_initializer", gamma_initializer)
        self.data_format = arguments.data_format(data_format)

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
        if self.score_mode != "dot":
            raise ValueError(
                f"score_mode={self.score_mode!r} needs a list [query, value]; over the pixels of "
                "one feature map use score_mode='dot'."
            )
        channels = layout.channels_last_shape(self, shape)[-1]
        units = self.units or max(1, channels // 8)
        for name, size in (("query", units), ("key", units), ("value", channels)):
            setattr(self, name, parts.dense(name, channels, size, self.dtype_policy))
        self.gamma = self.add_weight(name="gamma", shape=(), initializer=self.gamma_initializer)
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
        x = layout.to_channels_last(self, inputs)
        pixels = layout.to_pixels(x)
        queries, keys, values = self._project(pixels)
        drops = training and self.dropout > 0
        if return_attention_scores or drops:
            attention = dot_product.scores(queries, keys)
            gathered = dot_product.gather(self._drop(attention) if drops else attention, values)
        else:
            gathered = dot_product.attend(queries, keys, values)
        output = x + layout.from_pixels(self.gamma * gathered, x)
        output = layout.from_channels_last(self, output)
        return (output, attention) if return_attention_scores else output

    def __call__(self, inputs, *args, **kwargs):
        if kwargs.get("return_attention_scores") and not isinstance(inputs, list):
            count = self.scores_count(layout.channels_last_shape(self, inputs.shape))
            refuse_over_limit(self.name, count, layout.precise(self.compute_dtype))
        return super().__call__(inputs, *args, **kwargs)

    def scores_count(self, shape):
        """Returns the number of scores of one call on `shape`, channels last, None if unknown."""
        return dot_product.scores_count(shape)

    def _project(self, pixels):
        precise = layout.precise(self.compute_dtype)
        factor = 1 / math.sqrt(self.query.units)
        if self.scale is not None:
            factor = factor * ops.cast(self.scale, precise)
        queries = ops.cast(self.query(pixels), precise) * factor
        keys = ops.cast(self.key(pixels), precise)
        return self.applied(queries), self.applied(keys), self.value(pixels)

    def _drop(self, attention):
        return keras.random.dropout(attention, self.dropout, seed=self.seed_generator)

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
        shape = layout.channels_last_shape(self, inputs.shape)
        pixels = None if None in shape[1:-1] else math.prod(shape[1:-1])
        precise = layout.precise(self.compute_dtype)
        return output, keras.KerasTensor((shape[0], pixels, pixels), precise)

    def get_config(self):
        return super().get_config() | {
            "units": self.units,
            "return_attention": self.return_attention,
            "gamma_initializer": keras.initializers.serialize(self.gamma_initializer),
            "data_format": self.data_format,
        }


def _is_one_shape(shape):
    return all(size is None or isinstance(size, int) for size in shape)

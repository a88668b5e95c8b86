"""Global context: one attention map for all queries, whose context changes every pixel alike."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, layout, parts
from regard.layers.base import AttentionLayer

MAPS = {"context": ("batch", "row", "column"), "channel": ("batch", "channel")}
KINDS = {"context": "distribution", "channel": "gate"}
SUM_AXES = {"context": ("row", "column"), "channel": ()}


@keras.saving.register_keras_serializable(package="regard")
class GlobalContext(AttentionLayer):
    """Adds a transform of the attended mean of the map to every pixel, or scales by it.

    `context = softmax(x wk + bk)` over the pixels, `c = sum of context * x`, and
    `transform(c) = relu(layernorm(c W1 + b1)) W2 + b2`. With fusion `"add"`
    `output = x + transform(c)`; with `"multiply"` `channel = sigmoid(transform(c))` and
    `output = x * channel`; with `"both"` `output = x * channel + transform'(c)`, two transforms
    with weights of their own (Cao et al., GCNet: Non-local Networks Meet Squeeze-Excitation
    Networks and Beyond, arXiv:1904.11492). `W2` and `b2` start at 0, so the untrained layer is
    the identity with `"add"`, and halves `x` otherwise.

    Args:
        reduction_ratio: Channels per hidden unit of a transform, an integer of at least 1.
        reduced_channels: Number of hidden units, at least 1, in place of `reduction_ratio`.
        pooling: `"attention"`, or `"average"`: `c` is the mean, and there is no `context`.
        fusion: `"add"`, `"multiply"` or `"both"`; not `"add"` with average pooling, which would
            leave no attention.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` is a
        dictionary of at least float32 precision, values in 0…1: with attention pooling `context`
        of shape `(batch, *spatial)`, which sums to 1; with a fusion that multiplies `channel` of
        shape `(batch, channels)`.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if its number of
            channels is unknown or less than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = GlobalContext(reduction_ratio=4, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention["context"].shape)
        ((2, 5, 7, 8), (2, 5, 7))
    """

    attention_axes: ClassVar = {"context": MAPS["context"]}
    attention_kind: ClassVar = {"context": "distribution"}
    attention_sum_axes: ClassVar = {"context": SUM_AXES["context"]}
    ranks = (3, 4, 5)
    weights_without_gradient = ("key/bias",)  # the softmax over the pixels takes it out

    def __init__(
        self,
        reduction_ratio=16,
        reduced_channels=None,
        pooling="attention",
        fusion="add",
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.pooling = arguments.one_of("pooling", pooling, ("attention", "average"))
        self.fusion = arguments.one_of("fusion", fusion, ("add", "multiply", "both"))
        self._declare()

    def _declare(self):
        names = ["context"] if self.pooling == "attention" else []
        names += [] if self.fusion == "add" else ["channel"]
        if not names:
            raise ValueError(
                "pooling='average' with fusion='add' leaves no attention. Choose "
                "pooling='attention', or fusion='multiply' or 'both'."
            )
        self.attention_axes = {name: MAPS[name] for name in names}
        self.attention_kind = {name: KINDS[name] for name in names}
        self.attention_sum_axes = {name: SUM_AXES[name] for name in names}
        self.starts_as_identity = self.fusion == "add"

    def build_for(self, shape):
        channels = shape[-1]
        hidden = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        if self.pooling == "attention":
            self.key = parts.dense("key", channels, 1, self.dtype_policy)
        if self.fusion != "add":
            self.multiply = self._transform("multiply", channels, hidden)
        if self.fusion != "multiply":
            self.add = self._transform("add", channels, hidden)

    def _transform(self, name, channels, hidden):
        return [
            parts.dense(f"{name}_reduce", channels, hidden, self.gate_dtype),
            parts.layer_norm(f"{name}_norm", hidden, self.gate_dtype),
            keras.layers.ReLU(dtype=self.gate_dtype),
            parts.dense(
                f"{name}_expand", hidden, channels, self.gate_dtype, kernel_initializer="zeros"
            ),
        ]

    def attend(self, x, training):
        context, attention = self._context(x)
        output = x
        if self.fusion != "add":
            attention["channel"] = self.applied(ops.sigmoid(_apply(self.multiply, context)))
            output = output * _as_pixel(attention["channel"], x)
        if self.fusion != "multiply":
            output = output + _as_pixel(_apply(self.add, context), x)
        return output, attention

    def _context(self, x):
        """Returns the pooled pixels, `(batch, channels)`, and the attention that pooled them."""
        pixels = ops.cast(layout.to_pixels(x), self.gate_dtype)
        if self.pooling == "average":
            return ops.mean(pixels, axis=1), {}
        logits = layout.to_pixels(self.key(x))[..., 0]
        weights = self.applied(parts.softmax(ops.cast(logits, self.gate_dtype)))
        context = ops.squeeze(ops.matmul(weights[:, None, :], pixels), 1)
        return context, {"context": ops.reshape(weights, ops.shape(x)[:-1])}

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
            "pooling": self.pooling,
            "fusion": self.fusion,
        }


def _apply(transform, context):
    for layer in transform:
        context = layer(context)
    return context


def _as_pixel(vector, x):
    spatial = tuple(range(1, len(x.shape) - 1))
    return ops.expand_dims(ops.cast(vector, x.dtype), spatial)

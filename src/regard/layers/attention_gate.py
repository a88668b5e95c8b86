"""Attention gate: a coarser map says which pixels of a finer one pass."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, layout, parts, resampling
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class AttentionGate(AttentionLayer):
    """Scales each pixel by a gate computed from the map and a gating signal.

    `f = relu(x * Wx + up(g Wg + bg))`, where `Wx` is a convolution whose kernel and strides are
    `subsampling`; `coarse = sigmoid(f wf + bf)`, `spatial = up(coarse)` and
    `output = batchnorm((spatial * x) Wo + bo)`; `up` resizes bilinearly with half-pixel centres,
    to the size of `x * Wx` and of `x` (Oktay et al., Attention U-Net: Learning Where to Look for
    the Pancreas, arXiv:1804.03999, for two spatial axes). Called on `x` alone, `g` is `x`.

    Departs from the authors' code of the time, which resized with aligned corners. A side
    shorter than `subsampling` is filled with zeros for `Wx`.

    Args:
        reduced_channels: Channels of `f`, at least 1; by default half of those of `x`.
        subsampling: Pixels a side for one value of `f`, an integer of at least 1.
        normalization: `"sigmoid"`, or `"softmax"`, over the pixels of `coarse`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, height, width, channels)` or
            `(batch, channels, height, width)` of any size; or a list `[x, g]` with the gating
            map, of any size and number of channels.
        return_attention_scores: Whether to return the gates too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` is a
        dictionary of at least float32 precision, values in 0…1: `spatial` of shape
        `(batch, height, width)` and `coarse`, before the resizing, of shape
        `(batch, height // subsampling, width // subsampling)`, at least 1 pixel a side. With
        softmax `coarse` sums to 1.

    Raises:
        ValueError: If an argument is out of range, if a list has not two maps, if a map has
            another rank, or if its number of channels is unknown.

    Example:
        >>> import numpy as np
        >>> layer = AttentionGate(data_format="channels_last")
        >>> maps = [np.ones((2, 10, 14, 8)), np.ones((2, 5, 7, 16))]
        >>> output, attention = layer(maps, return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention["coarse"].shape)
        ((2, 10, 14, 8), (2, 5, 7))
    """

    attention_axes: ClassVar = {
        "spatial": ("batch", "row", "column"),
        "coarse": ("batch", "row", "column"),
    }
    weights_without_gradient = ("project/bias",)  # the batch normalisation takes it out

    def __init__(
        self,
        reduced_channels=None,
        subsampling=2,
        normalization="sigmoid",
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.subsampling = arguments.integer("subsampling", subsampling)
        self.normalization = arguments.one_of(
            "normalization", normalization, ("sigmoid", "softmax")
        )
        if normalization == "softmax":
            self.attention_kind = {"spatial": "gate", "coarse": "distribution"}
            self.attention_sum_axes = {"spatial": (), "coarse": ("row", "column")}
            self.weights_without_gradient = ("project/bias", "gate/bias")

    def build(self, input_shape):
        is_one = all(size is None or isinstance(size, int) for size in input_shape)
        shapes = (input_shape, input_shape) if is_one else _two(input_shape)
        shape, gating = (layout.channels_last_shape(self, s, self.ranks) for s in shapes)
        reduced = self.reduced_channels or max(shape[-1] // 2, 1)
        self.from_input = parts.convolution(
            "from_input",
            (None, None, None, shape[-1]),
            reduced,
            self.subsampling,
            self.dtype_policy,
            strides=self.subsampling,
            padding="valid",
            use_bias=False,
        )
        self.from_gating = parts.dense("from_gating", gating[-1], reduced, self.dtype_policy)
        self.gate = parts.dense("gate", reduced, 1, self.gate_dtype)
        self.project = parts.dense("project", shape[-1], shape[-1], self.dtype_policy)
        self.norm = parts.batch_norm("norm", shape, self.dtype_policy)

    def __call__(self, x, *args, **kwargs):
        # Past the base's check of the scores: gates are no larger than the map.
        return keras.layers.Layer.__call__(self, x, *args, **kwargs)

    def call(self, x, training=False, return_attention_scores=False):
        maps = _two(x) if isinstance(x, (list, tuple)) else (x, x)
        maps = [layout.to_channels_last(self, each) for each in maps]
        output, attention = self.attend(maps, training)
        output = layout.from_channels_last(self, output)
        return (output, attention) if return_attention_scores else output

    def attend(self, x, training):
        x, gating = x
        seen = ops.cast(self.from_input(_at_least(x, self.subsampling)), self.gate_dtype)
        asked = ops.cast(self.from_gating(gating), self.gate_dtype)
        features = ops.relu(seen + resampling.resize(asked, ops.shape(seen)[1:3]))
        coarse = self.applied(self._normalize(self.gate(features)))
        spatial = resampling.resize(coarse, ops.shape(x)[1:3])
        output = self.norm(self.project(x * ops.cast(spatial, x.dtype)), training=training)
        return output, {"spatial": spatial[..., 0], "coarse": coarse[..., 0]}

    def _normalize(self, logits):
        if self.normalization == "sigmoid":
            return ops.sigmoid(logits)
        return layout.from_pixels(parts.softmax(layout.to_pixels(logits), axis=1), logits)

    def get_config(self):
        return super().get_config() | {
            "reduced_channels": self.reduced_channels,
            "subsampling": self.subsampling,
            "normalization": self.normalization,
        }


def _two(values):
    if len(values) != 2:
        raise ValueError(
            f"AttentionGate takes x or a list of two maps, [x, gating], not {len(values)} of them."
        )
    return tuple(values)


def _at_least(x, size):
    """Returns `x` with zeros below and to the right up to `size` pixels a side."""
    rows, columns = (_missing(side, size) for side in ops.shape(x)[1:3])
    return ops.pad(x, ((0, 0), (0, rows), (0, columns), (0, 0)))


def _missing(side, size):
    if isinstance(side, int):
        return max(size - side, 0)
    # While Keras works out shapes on JAX, a side is a symbol and no tensor.
    return ops.maximum(size - side, 0) if ops.is_tensor(side) else 0

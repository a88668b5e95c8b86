"""Spatial group-wise enhancement: one gate a place for each group of channels."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer

_LEAST_VARIANCE = 1e-20  # of a flat map, whose square root has no derivative


@keras.saving.register_keras_serializable(package="regard")
class SpatialGroupEnhance(AttentionLayer):
    """Gates each place of a group of channels by its likeness to the group's mean.

    For each group, `likeness = mean(x) . x` at each place, which is normalised over the places
    to `t = (likeness - mean(likeness)) / (std(likeness) + 1e-5)`; then
    `gate = sigmoid(gamma t + beta)` and `output = gate * x` (Li et al., Spatial Group-wise
    Enhance: Improving Semantic Feature Learning in Convolutional Networks, arXiv:1905.09646,
    equations 1 to 5). Each group has one `gamma`, at first 0, and one `beta`, at first 1.

    The standard deviation divides by the number of places, as in the paper; the authors' code
    divides by one less.

    Args:
        groups: Number of groups, a divisor of the channels.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The gated feature map, of the shape of `x`; or `(output, attention)`, where `attention`
        has shape `(batch, groups, *spatial)`, values in 0…1, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if its number of
            channels is unknown or not a multiple of `groups`.

    Example:
        >>> import numpy as np
        >>> layer = SpatialGroupEnhance(groups=4, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 4, 5, 7))
    """

    attention_axes = ("batch", "group", "row", "column")
    ranks = (3, 4, 5)

    def __init__(self, groups=64, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.groups = arguments.integer("groups", groups)

    def build_for(self, shape):
        arguments.divides("groups", self.groups, shape[-1])
        self.gamma = self._weight("gamma", "zeros")
        self.beta = self._weight("beta", "ones")

    def _weight(self, name, start):
        return self.add_weight(
            name=name,
            shape=(self.groups,),
            initializer=start,
            dtype=self.gate_dtype,
            autocast=False,
        )

    def attend(self, x, training):
        size = x.shape[-1] // self.groups
        grouped = ops.reshape(x, (ops.shape(x)[0], -1, self.groups, size))
        gate = self.applied(self._gate(ops.cast(grouped, self.gate_dtype)))
        output = grouped * ops.expand_dims(ops.cast(gate, x.dtype), -1)
        attention = ops.reshape(ops.swapaxes(gate, 1, 2), (-1, self.groups, *ops.shape(x)[1:-1]))
        return ops.reshape(output, ops.shape(x)), attention

    def _gate(self, grouped):
        likeness = ops.sum(grouped * ops.mean(grouped, axis=1, keepdims=True), axis=-1)
        centred = likeness - ops.mean(likeness, axis=1, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=1, keepdims=True)
        deviation = ops.sqrt(ops.maximum(variance, _LEAST_VARIANCE))
        return ops.sigmoid(self.gamma * (centred / (deviation + parts.EPSILON)) + self.beta)

    def get_config(self):
        return super().get_config() | {"groups": self.groups}

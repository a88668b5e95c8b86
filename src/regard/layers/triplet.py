"""Triplet attention: one gate for each pair of row, column and channel."""

from typing import ClassVar

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer
from regard.layers.pooled_gate import PooledGate


@keras.saving.register_keras_serializable(package="regard")
class TripletAttention(AttentionLayer):
    """Averages three copies of the map, each gated over two of its three axes.

    Each gate is `sigmoid(batch_norm(convolution([max; mean])))` of the map pooled along the
    third axis: `channel_column` along the rows, `row_channel` along the columns and `spatial`
    along the channels; `output = x * mean(gates)` (Misra et al., Rotate to Attend:
    Convolutional Triplet Attention Module, arXiv:2010.03045, equations 1 to 4).

    Args:
        kernel_size: Size of the three kernels, odd.
        use_spatial: Whether there is the gate over row and column; without it the output is the
            mean of two copies.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, height, width, channels)` or
            `(batch, channels, height, width)` of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The gated feature map, of the shape of `x`; or `(output, attention)`, where `attention`
        has the maps `channel_column` of shape `(batch, width, channels)`, `row_channel` of shape
        `(batch, height, channels)` and `spatial` of shape `(batch, height, width)`, values in
        0…1, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, or if `x` has another rank or an unknown
            number of channels.

    Example:
        >>> import numpy as np
        >>> layer = TripletAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> {name: tuple(gate.shape) for name, gate in attention.items()}
        {'channel_column': (2, 7, 8), 'row_channel': (2, 5, 8), 'spatial': (2, 5, 7)}
    """

    attention_axes: ClassVar = {
        "channel_column": ("batch", "column", "channel"),
        "row_channel": ("batch", "row", "channel"),
        "spatial": ("batch", "row", "column"),
    }

    def __init__(self, kernel_size=7, use_spatial=True, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
        self.use_spatial = arguments.boolean("use_spatial", use_spatial)
        if not use_spatial:
            axes = type(self).attention_axes
            self.attention_axes = {name: axes[name] for name in axes if name != "spatial"}

    def build_for(self, shape):
        for name in self.attention_axes:
            gate = PooledGate(self.kernel_size, dtype=self.gate_dtype, name=name)
            setattr(self, name, parts.built(gate, shape))

    def attend(self, x, training):
        attention = {
            name: self.applied(getattr(self, name)(x, axis=axis, training=training))
            for axis, name in enumerate(self.attention_axes, start=1)
        }
        gates = [ops.expand_dims(gate, axis) for axis, gate in enumerate(attention.values(), 1)]
        return x * ops.cast(sum(gates) / len(gates), x.dtype), attention

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "use_spatial": self.use_spatial,
        }

"""Strip pooling: each value gated by what the means of its row and of its column say together."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class StripPooling(AttentionLayer):
    """Gates each value by a sum of its row's and its column's features.

    `row = batch_norm(convolution(rows))` of the means of each row, `column` likewise, with its
    own weights, of the means of each column; `gate = sigmoid(W relu(row + column) + b)` at each
    place and `output = gate * x` (Hou et al., Strip Pooling: Rethinking Spatial Pooling for
    Scene Parsing, arXiv:2003.13328, equations 1 to 4). This is the strip pooling module, without
    the pyramid of the mixed pooling module.

    The batch normalisations and the relu, which the formula leaves out, are as in the authors'
    code.

    Args:
        kernel_size: Size of the kernels along the rows and along the columns, odd.
        filters: Number of channels of the rows' and columns' features; by default that of `x`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, height, width, channels)` or
            `(batch, channels, height, width)` of any size.
        training: Whether the batch normalisations use the batch's statistics.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The gated feature map, of the shape of `x`; or `(output, attention)`, where `attention`
        has shape `(batch, height, width, channels)`, values in 0…1, of at least float32
        precision.

    Raises:
        ValueError: If an argument is out of range, or if `x` has another rank or an unknown
            number of channels.

    Example:
        >>> import numpy as np
        >>> layer = StripPooling(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 5, 7, 8))
    """

    attention_axes = ("batch", "row", "column", "channel")

    def __init__(self, kernel_size=3, filters=None, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
        self.filters = arguments.optional(arguments.integer, "filters", filters)

    def build_for(self, shape):
        channels = shape[-1]
        filters = self.filters or channels
        self.row = self._line("row", channels, filters)
        self.row_norm = parts.batch_norm("row_norm", (None, None, filters), self.gate_dtype)
        self.column = self._line("column", channels, filters)
        self.column_norm = parts.batch_norm("column_norm", (None, None, filters), self.gate_dtype)
        self.project = parts.dense("project", filters, channels, self.dtype_policy)

    def _line(self, name, channels, filters):
        return parts.convolution(
            name,
            (None, None, channels),
            filters,
            self.kernel_size,
            self.gate_dtype,
            use_bias=False,
        )

    def attend(self, x, training):
        precise = ops.cast(x, self.gate_dtype)
        row = self.row_norm(self.row(ops.mean(precise, axis=2)), training=training)
        column = self.column_norm(self.column(ops.mean(precise, axis=1)), training=training)
        features = ops.relu(row[:, :, None] + column[:, None])
        attention = ops.sigmoid(ops.cast(self.project(features), self.gate_dtype))
        attention = self.applied(attention)
        return x * ops.cast(attention, x.dtype), attention

    def get_config(self):
        return super().get_config() | {"kernel_size": self.kernel_size, "filters": self.filters}

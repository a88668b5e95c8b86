"""Large kernel attention: each pixel and channel gated by a wide depthwise convolution."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class LargeKernelAttention(AttentionLayer):
    """Multiplies each value by one computed from the `kernel_size` pixels around it.

    `attention = conv1x1(dilated(local(x)))` and `output = attention * x`, where `local` and
    `dilated` are depthwise: a kernel of `2 dilation_rate - 1` and one of
    `kernel_size / dilation_rate`, rounded up, with that dilation. Together they reach as far as
    one kernel of `kernel_size` (Guo et al., Visual Attention Network, arXiv:2202.09741,
    equations 1 and 2).

    The attention has no sigmoid: it is signed and without bound. So the output grows with the
    square of the input; what float16 cannot hold becomes its largest value.

    Args:
        kernel_size: Reach of the two depthwise convolutions together, at least `dilation_rate`.
        dilation_rate: Step between the pixels that the second convolution sees.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1 or 2 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        The gated feature map, of the shape of `x`; or `(output, attention)`, where `attention`
        has shape `(batch, *spatial, channels)`, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `kernel_size / dilation_rate`, rounded
            up, is even, or if `x` has another rank or an unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = LargeKernelAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 5, 7, 8))
    """

    attention_axes = ("batch", "row", "column", "channel")
    attention_range = (None, None)
    ranks = (3, 4)

    def __init__(self, kernel_size=21, dilation_rate=3, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.dilation_rate = arguments.integer("dilation_rate", dilation_rate)
        self.kernel_size = arguments.integer("kernel_size", kernel_size, least=self.dilation_rate)
        if self._dilated_size() % 2 == 0:
            raise ValueError(
                f"kernel_size={kernel_size} with dilation_rate={dilation_rate} makes a kernel of "
                f"{self._dilated_size()}, which has no centre. Choose kernel_size="
                f"{self.dilation_rate * (self._dilated_size() + 1)}."
            )

    def build_for(self, shape):
        dtype = self.dtype_policy
        self.local = parts.depthwise("local", shape, 2 * self.dilation_rate - 1, dtype)
        self.dilated = parts.depthwise(
            "dilated", shape, self._dilated_size(), dtype, dilation_rate=self.dilation_rate
        )
        self.mix = parts.dense("mix", shape[-1], shape[-1], dtype)

    def attend(self, x, training):
        output, attention = self._gate(x)
        return parts.saturated(output, x.dtype), attention

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "dilation_rate": self.dilation_rate,
        }

    def _gate(self, x):
        attention = ops.cast(self.mix(self.dilated(self.local(x))), self.gate_dtype)
        attention = self.applied(attention)
        return ops.cast(x, self.gate_dtype) * attention, attention

    def _dilated_size(self):
        return -(-self.kernel_size // self.dilation_rate)


@keras.saving.register_keras_serializable(package="regard")
class VisualAttention(LargeKernelAttention):
    """Large kernel attention between two projections, added to the input.

    `output = x + W2 (attention * h)` with `h = gelu(W1 x)` and
    `attention = conv1x1(dilated(local(h)))`, as in `LargeKernelAttention`
    (Guo et al., Visual Attention Network, arXiv:2202.09741). GELU is the exact one.

    The attention has no sigmoid: it is signed and without bound. So the output grows with the
    square of the input; what float16 cannot hold becomes its largest value.

    Args:
        kernel_size: Reach of the two depthwise convolutions together, at least `dilation_rate`.
        dilation_rate: Step between the pixels that the second convolution sees.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1 or 2 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, *spatial, channels)`, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `kernel_size / dilation_rate`, rounded
            up, is even, or if `x` has another rank or an unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = VisualAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 5, 7, 8))
    """

    def build_for(self, shape):
        super().build_for(shape)
        channels = shape[-1]
        self.enter = parts.dense("enter", channels, channels, self.dtype_policy)
        self.project = parts.dense("project", channels, channels, self.gate_dtype)

    def attend(self, x, training):
        hidden = parts.gelu(self.enter(x))
        gated, attention = self._gate(hidden)
        output = ops.cast(x, self.gate_dtype) + self.project(gated)
        return parts.saturated(output, x.dtype), attention

"""The block of ParNet: two convolutions beside skip-squeeze-excitation."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class ParNetAttention(AttentionLayer):
    """Adds two convolutions to the map with its channels gated.

    `skip = batch_norm(x)`, `gate = sigmoid(W mean(skip))` over the places, and
    `output = silu(batch_norm(convolution(x)) + batch_norm(convolution1x1(x)) + gate * skip)`
    (Goyal et al., Non-deep Networks, arXiv:2110.07641, section 3.1). `gate * skip` is the
    skip-squeeze-excitation: one dense map that does not reduce the channels.

    As in the authors' code the normalisation comes before the gate, and the dense map has no
    bias by default.

    Args:
        kernel_size: Size of the larger convolution's kernel, odd.
        use_bias: Whether the dense map of the gate has a bias.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        training: Whether the batch normalisations use the batch's statistics.
        return_attention_scores: Whether to return the gates too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, channels)`, values in 0…1, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, or if `x` has another rank or an unknown
            number of channels.

    Example:
        >>> import numpy as np
        >>> layer = ParNetAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8))
    """

    attention_axes = ("batch", "channel")
    ranks = (3, 4, 5)

    def __init__(self, kernel_size=3, use_bias=False, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
        self.use_bias = arguments.boolean("use_bias", use_bias)

    def build_for(self, shape):
        channels, policy = shape[-1], self.dtype_policy
        self.skip_norm = parts.batch_norm("skip_norm", shape, policy)
        self.gate = parts.dense(
            "gate",
            channels,
            channels,
            self.gate_dtype,
            activation="sigmoid",
            use_bias=self.use_bias,
        )
        sizes = {"wide": self.kernel_size, "point": 1}
        for name, size in sizes.items():
            convolution = parts.convolution(name, shape, channels, size, policy, use_bias=False)
            setattr(self, name, convolution)
            setattr(self, f"{name}_norm", parts.batch_norm(f"{name}_norm", shape, policy))

    def attend(self, x, training):
        places = tuple(range(1, len(x.shape) - 1))
        skip = self.skip_norm(x, training=training)
        attention = self.gate(ops.mean(ops.cast(skip, self.gate_dtype), axis=places))
        attention = self.applied(attention)
        gated = skip * ops.expand_dims(ops.cast(attention, x.dtype), places)
        wide = self.wide_norm(self.wide(x), training=training)
        point = self.point_norm(self.point(x), training=training)
        return ops.silu(wide + point + gated), attention

    def get_config(self):
        return super().get_config() | {"kernel_size": self.kernel_size, "use_bias": self.use_bias}

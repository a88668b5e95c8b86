"""Second-order channel attention: gates from the covariance of the channels."""

import keras
from keras import ops

from regard.layers import arguments, layout, parts
from regard.layers.channel_gate import ChannelGate

LEAST_TRACE = 1e-10  # of a map without variance, whose covariance is 0 whatever it is divided by


@keras.saving.register_keras_serializable(package="regard")
class SecondOrderChannelAttention(ChannelGate):
    """Scales each channel by a gate computed from the covariances of all channels.

    `gate = sigmoid(W2 relu(W1 z + b1) + b2)` and `output = gate * x`, where `z` are the means of
    the rows of `S^(1/2)` and `S` is the covariance of the channels over the pixels
    (Dai et al., Second-order Attention Network for Single Image Super-Resolution, CVPR 2019).

    The root is that of Li et al., arXiv:1712.01034: of `A = S / trace(S)` by Newton-Schulz
    iterations `Y <- Y (3 I - Z Y) / 2`, `Z <- (3 I - Z Y) Z / 2` from `Y = A`, `Z = I`, and
    `S^(1/2) = sqrt(trace(S)) Y`. The paper's code takes the covariance of the middle of maps
    above 1000 pixels a side; here it is always that of the whole map.

    Args:
        reduction_ratio: Channels per hidden unit, an integer of at least 1.
        reduced_channels: Number of hidden units, at least 1, in place of `reduction_ratio`.
        iterations: Number of Newton-Schulz iterations, at least 1.
        use_bias: Whether there are `b1` and `b2`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The scaled feature map, of the shape of `x`; or `(output, attention)`, where
        `attention` has shape `(batch, channels)`, values in 0…1, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, or if it has an
            unknown number of channels or fewer than `reduction_ratio`.

    Example:
        >>> import numpy as np
        >>> layer = SecondOrderChannelAttention(reduction_ratio=4, data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8))
    """

    def __init__(
        self,
        reduction_ratio=16,
        reduced_channels=None,
        iterations=5,
        use_bias=True,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.iterations = arguments.integer("iterations", iterations)
        self.use_bias = arguments.boolean("use_bias", use_bias)

    def build_for(self, shape):
        channels = shape[-1]
        hidden = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        options = {"dtype": self.gate_dtype, "use_bias": self.use_bias}
        self.reduce = parts.dense("reduce", channels, hidden, activation="relu", **options)
        self.expand = parts.dense("expand", hidden, channels, activation="sigmoid", **options)

    def gate(self, x, training):
        root = _square_root(_covariance(layout.to_pixels(x)), self.iterations)
        return self.expand(self.reduce(ops.mean(root, axis=-1)))

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
            "iterations": self.iterations,
            "use_bias": self.use_bias,
        }


def _covariance(pixels):
    """Returns the channels' covariances over the pixels, (batch, channels, channels)."""
    centred = pixels - ops.mean(pixels, axis=1, keepdims=True)
    count = ops.sum(ops.ones_like(pixels[:1, :, 0]))
    return ops.matmul(ops.swapaxes(centred, 1, 2), centred) / count


def _square_root(matrices, iterations):
    """Returns the square roots of symmetric matrices by Newton-Schulz iterations."""
    trace = ops.expand_dims(ops.trace(matrices, axis1=-2, axis2=-1), (-2, -1))
    trace = ops.maximum(trace, LEAST_TRACE)
    identity = ops.eye(matrices.shape[-1], dtype=matrices.dtype)
    root, inverse = matrices / trace, identity
    for _ in range(iterations):
        step = (3 * identity - ops.matmul(inverse, root)) / 2
        root, inverse = ops.matmul(root, step), ops.matmul(step, inverse)
    return root * ops.sqrt(trace)

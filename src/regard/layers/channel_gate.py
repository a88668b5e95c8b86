"""What the layers with one gate a channel have in common."""

from keras import ops

from regard.layers.base import AttentionLayer


class ChannelGate(AttentionLayer):
    """A layer that scales each channel by a number computed from the whole feature map.

    A subclass gives the gates of a map in `gate(x, training)`.
    """

    attention_axes = ("batch", "channel")
    ranks = (3, 4, 5)

    def gate(self, x, training):
        """Returns the gates, `(batch, channels)`, for `x` in `gate_dtype`, channels last."""
        raise NotImplementedError(f"{type(self).__name__} has to define gate(x, training).")

    def attend(self, x, training):
        attention = self.applied(self.gate(ops.cast(x, self.gate_dtype), training))
        return x * ops.expand_dims(ops.cast(attention, x.dtype), spatial_axes(x)), attention


def spatial_axes(x):
    """Returns the axes of the pixels of a map with the channels last."""
    return tuple(range(1, len(x.shape) - 1))


def spatial_means(x):
    """Returns the mean of each channel, `(batch, channels)`."""
    return ops.mean(x, axis=spatial_axes(x))


def deviations(x):
    """Returns `(x - mean)^2` by channel and the variances, `(batch, 1, ..., 1, channels)`.

    The variances are over one pixel less than there are, as an unbiased estimate has it; a
    single pixel has variance 0.
    """
    axes = spatial_axes(x)
    squares = ops.square(x - ops.mean(x, axis=axes, keepdims=True))
    pixels = ops.sum(ops.ones_like(x[:1, ..., :1]))
    return squares, ops.sum(squares, axis=axes, keepdims=True) / ops.maximum(pixels - 1, 1)


def standardised(means, epsilon):
    """Returns `means` less their mean over the last axis, over their standard deviation."""
    centred = means - ops.mean(means, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
    return centred / ops.sqrt(variance + epsilon)

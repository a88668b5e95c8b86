"""One gate a place, from the greatest and mean value along one axis; part of CBAM and triplet."""

import keras
from keras import ops

from regard.layers import parts


class PooledGate(keras.layers.Layer):
    """`sigmoid(batch_norm(convolution([max; mean])))` of a map pooled along one axis.

    Its dtype is that of the gate, so a map of half precision is raised before it is pooled.

    Args:
        kernel_size: Size of the convolution's kernel along each axis that is left, odd.
    """

    def __init__(self, kernel_size, **kwargs):
        super().__init__(**kwargs)
        self.kernel_size = kernel_size

    def build(self, input_shape):
        """Makes the weights; `input_shape` is that of the map before it is pooled."""
        axes = len(input_shape) - 2
        shape = (self.kernel_size,) * axes + (2, 1)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="glorot_uniform")
        self.norm = parts.batch_norm("norm", (None,) * (axes + 1) + (1,), self.dtype_policy)

    def call(self, x, axis, training=False):
        """Returns the gates, with one axis less than `x`."""
        pooled = ops.max(x, axis=axis), ops.mean(x, axis=axis)
        logits = self.norm(self._convolved(pooled), training=training)
        return ops.sigmoid(ops.squeeze(logits, axis=-1))

    def _convolved(self, pooled):
        # One by one: PyTorch cannot derive a float64 convolution of two channels to one on the CPU.
        return sum(
            ops.conv(
                ops.expand_dims(values, -1),
                self.kernel[..., n : n + 1, :],
                padding="same",
                data_format="channels_last",
            )
            for n, values in enumerate(pooled)
        )

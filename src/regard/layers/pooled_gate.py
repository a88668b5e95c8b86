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
        pooled = (*(None for _ in input_shape[:-1]), 2)
        self.convolution = parts.convolution(
            "convolution", pooled, 1, self.kernel_size, self.dtype_policy, use_bias=False
        )
        self.norm = parts.map_batch_norm("norm", (*pooled[:-1], 1), self.dtype_policy)

    def call(self, x, axis, training=False):
        """Returns the gates, with one axis less than `x`."""
        pooled = ops.stack([ops.max(x, axis=axis), ops.mean(x, axis=axis)], axis=-1)
        logits = self.norm(self.convolution(pooled), training=training)
        return ops.sigmoid(ops.squeeze(logits, axis=-1))

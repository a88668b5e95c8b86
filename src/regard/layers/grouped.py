"""Convolutions whose channels are in groups, one group after the other.

On a processor TensorFlow and JAX take 30 to 80 times as long for all at once.
"""

import keras
from keras import ops

from regard.backend import ACCELERATOR


class _GroupAfterGroup:
    def convolution_op(self, inputs, kernel):
        convolve = super().convolution_op
        if keras.config.backend() == "torch" or ACCELERATOR.exists():
            return convolve(inputs, kernel)
        parts = (ops.split(x, self.groups, axis=-1) for x in (inputs, kernel))
        return ops.concatenate([convolve(*part) for part in zip(*parts, strict=True)], axis=-1)


class GroupedConv1D(_GroupAfterGroup, keras.layers.Conv1D):
    """`keras.layers.Conv1D` for channels last, group after group."""


class GroupedConv2D(_GroupAfterGroup, keras.layers.Conv2D):
    """`keras.layers.Conv2D` for channels last, group after group."""


class GroupedConv3D(_GroupAfterGroup, keras.layers.Conv3D):
    """`keras.layers.Conv3D` for channels last, group after group."""

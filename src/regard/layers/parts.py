"""Keras layers as the attention layers use them: channels last, built, torch's epsilon."""

import math

import keras
from keras import ops

from regard.layers import grouped

LARGEST_HALF = 65504.0  # of float16
EPSILON = 1e-5  # of the norms in the papers' code; Keras's own default is 1e-3
_MOST_AXES = 5  # that oneDNN's softmax takes in TensorFlow


def dense(name, channels, units, dtype, **options):
    """Returns a built Dense layer from `channels` to `units`."""
    return built(keras.layers.Dense(units, dtype=dtype, name=name, **options), (None, channels))


def convolution(name, shape, filters, kernel_size, dtype, **options):
    """Returns a built convolution, padded to the same size, for maps of `shape`.

    Args:
        name: Name of the layer.
        shape: Shape of the feature map, channels last, rank 3, 4 or 5.
        filters: Number of output channels.
        kernel_size: Integer or one integer a spatial axis.
        dtype: Dtype or policy.
        options: Of `keras.layers.Conv2D`; padding is `"same"` unless given.
    """
    kind = f"Conv{len(shape) - 2}D"
    alone = options.get("groups", 1) == 1
    cls = getattr(keras.layers, kind) if alone else getattr(grouped, f"Grouped{kind}")
    options = {"padding": "same", "data_format": "channels_last"} | options
    return built(cls(filters, kernel_size, dtype=dtype, name=name, **options), shape)


def depthwise(name, shape, kernel_size, dtype, **options):
    """Returns a built depthwise convolution, padded to the same size, for maps of `shape`."""
    cls = {3: keras.layers.DepthwiseConv1D, 4: keras.layers.DepthwiseConv2D}[len(shape)]
    options = {"padding": "same", "data_format": "channels_last"} | options
    return built(cls(kernel_size, dtype=dtype, name=name, **options), shape)


def batch_norm(name, shape, dtype, **options):
    """Returns a built batch normalisation over the last axis, for inputs of `shape`."""
    layer = keras.layers.BatchNormalization(epsilon=EPSILON, dtype=dtype, name=name, **options)
    return built(layer, shape)


def gelu(x):
    """Returns the exact GELU; Keras's own has 1e-9 of error in float64 on TensorFlow."""
    return x * 0.5 * (1.0 + ops.erf(x * math.sqrt(0.5)))


def softmax(logits, axis=-1):
    """Returns the softmax over `axis`; of a single entry, of which `ops.softmax` warns, ones."""
    if logits.shape[axis] == 1:
        return ops.ones_like(logits)
    if len(logits.shape) <= _MOST_AXES or axis != -1:
        return ops.softmax(logits, axis=axis)
    rows = ops.reshape(logits, (-1, logits.shape[-1]))
    return ops.reshape(ops.softmax(rows), ops.shape(logits))


def layer_norm(name, channels, dtype, **options):
    """Returns a built layer normalisation over the last axis."""
    layer = keras.layers.LayerNormalization(epsilon=EPSILON, dtype=dtype, name=name, **options)
    return built(layer, (None, channels))


def max_pool(x, size):
    """Returns the greatest of each cell of `size` pixels along every spatial axis.

    Where `size` does not divide an axis, its last cell is smaller.
    """
    cell = (size,) * (len(x.shape) - 2)
    # Without strides, Keras's max_pool fails on JAX for channels last.
    return keras.ops.max_pool(x, cell, cell, padding="same", data_format="channels_last")


def built(layer, shape):
    """Builds a layer for inputs of `shape` and returns it."""
    layer.build(tuple(shape))
    return layer


def saturated(x, dtype):
    """Returns `x` in `dtype`; values that float16 cannot hold become its largest."""
    if keras.backend.standardize_dtype(dtype) == "float16":
        x = ops.clip(x, -LARGEST_HALF, LARGEST_HALF)
    return ops.cast(x, dtype)

"""Channels split into heads, and heads put together again."""

from keras import ops


def split(features, heads):
    """Returns `(..., pixels, heads * size)` as `(..., heads, pixels, size)`."""
    shape = ops.shape(features)
    size = features.shape[-1] // heads
    return ops.swapaxes(ops.reshape(features, (*shape[:-1], heads, size)), -2, -3)


def merge(features):
    """Returns `(..., heads, pixels, size)` as `(..., pixels, heads * size)`."""
    features = ops.swapaxes(features, -2, -3)
    channels = features.shape[-1] * features.shape[-2]
    return ops.reshape(features, (*ops.shape(features)[:-2], channels))

"""Forms for XLA's CPU code, which has no fast gradient of a convolution or of a max pooling."""

import jax.numpy as jnp
from jax import default_backend

MOST_WEIGHTS = 288  # of a patch; beyond, building the patches costs more than it saves


def suits_convolution(size, in_channels, groups):
    """Whether a convolution is faster as a product with patches."""
    return groups == 1 and size[0] * size[1] * in_channels <= MOST_WEIGHTS and _on_cpu()


def convolve(x, kernel, strides, dilation, groups, pads):
    """Returns the convolution of `x`, padded by `pads`, as one product with all patches."""
    del groups
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    for axis in (2, 1):
        x = _windows(x, axis, kernel.shape[axis - 1], strides[axis - 1], dilation[axis - 1])
    patches = x.reshape(-1, x.shape[-1])
    return (patches @ kernel.reshape(-1, kernel.shape[-1])).reshape(*x.shape[:-1], -1)


def suits_max_pool(size, strides):
    """Whether a max pooling is faster by comparing pixels: where its windows do not overlap."""
    return size == strides and size[0] * size[1] <= 9 and _on_cpu()


def max_pool(x, size):
    """Returns the largest of each window; of equal ones the first gets the gradient, as in XLA."""
    rows, columns = (n // step for n, step in zip(x.shape[1:3], size, strict=True))
    x = x[:, : rows * size[0], : columns * size[1]]
    largest = None
    for row in range(size[0]):
        for column in range(size[1]):
            pixels = x[:, row :: size[0], column :: size[1]]
            largest = pixels if largest is None else _larger(largest, pixels)
    return largest


def suits_batch_norm():
    """Whether batch norm has a faster form: never, since XLA makes one loop of it."""
    return False


def _larger(first, second):
    return jnp.where((first >= second) | jnp.isnan(first), first, second)


def _windows(x, axis, size, stride, dilation):
    """Puts the pixels that a window sees along an axis one after another into the channels."""
    count = (x.shape[axis] - (size - 1) * dilation - 1) // stride + 1
    last = (count - 1) * stride + 1
    starts = [dilation * place for place in range(size)]
    before = (slice(None),) * axis
    return jnp.concatenate([x[(*before, slice(s, s + last, stride))] for s in starts], -1)


def _on_cpu():
    return default_backend() == "cpu"

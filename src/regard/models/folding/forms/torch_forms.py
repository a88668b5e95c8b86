"""Forms for PyTorch, which computes channels last without moving them, if it is let."""

import torch
from torch.nn import functional


def suits_convolution(size, in_channels, groups):
    """Whether a convolution is faster without Keras's copies: always."""
    return True


def convolve(x, kernel, strides, dilation, groups, pads):
    """Returns the convolution of `x`, padded by `pads`."""
    x = x.permute(0, 3, 1, 2)
    if any(before != after for before, after in pads):
        x = functional.pad(x, (*pads[1], *pads[0]))
        pads = ((0, 0), (0, 0))
    kernel = kernel.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    padding = tuple(before for before, _ in pads)
    y = functional.conv2d(x, kernel, None, strides, padding, dilation, groups)
    return y.permute(0, 2, 3, 1)


def suits_max_pool(size, strides):
    """Whether a max pooling is faster without Keras's copies: where its windows do not overlap."""
    return size == strides


def max_pool(x, size):
    """Returns the largest of each window."""
    return functional.max_pool2d(x.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)


def suits_batch_norm():
    """Whether the kernel beats Keras's own."""
    return True


def normalise(x, gamma, beta, epsilon):
    """Returns the normalised feature map and the batch's mean and variance."""
    gamma, beta = (getattr(one, "value", one) for one in (gamma, beta))
    y, mean, inverse = torch.native_batch_norm(
        x.permute(0, 3, 1, 2), gamma, beta, None, None, True, 0.0, epsilon
    )
    return y.permute(0, 2, 3, 1), mean, inverse**-2 - epsilon

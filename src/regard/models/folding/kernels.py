"""The kernel and the bias of two convolutions in a row, from those of each."""

import math

import numpy as np
from keras import ops


def compose_kernels(first, second, both, kernel1, kernel2):
    """Returns the kernel of two convolutions in a row.

    It is the kernel of the first convolved in full with that of the second, whose weights lie
    the first's stride apart.

    Args:
        first: Window of the first.
        second: Window of the second.
        both: Window of the two.
        kernel1: Kernel of the first, of shape `(*size, channels in a group, channels)`.
        kernel2: Kernel of the second.
    """
    if second.scales:
        return kernel1 * kernel2
    if first.scales:
        return kernel2 * per_group(ops.reshape(kernel1, (-1,)), second.groups, second.out_channels)
    kernel1 = _with_groups(kernel1, first, both.groups)
    if not first.size:
        return ops.matmul(kernel1, kernel2)
    gaps1, gaps2 = _gaps(first, second, both)
    if _slides_the_first(first, second, both):
        image = _spread(ops.moveaxis(kernel2, -1, 0), gaps2, axis=1)
        kernel = ops.swapaxes(_flipped(kernel1), -1, -2)
        full = _convolve_in_full(image, kernel, gaps1, groups=1)
        return ops.moveaxis(full, 0, -1)
    image = _spread(ops.moveaxis(kernel1, -2, 0), gaps1, axis=1)
    full = _convolve_in_full(image, _flipped(kernel2), gaps2, second.groups)
    return ops.moveaxis(full, 0, -2)


def multiply_adds_to_compose(first, second, both):
    """Returns the multiply-adds of `compose_kernels`."""
    if second.scales or first.scales:
        return math.prod(both.size) * both.in_channels // both.groups * both.out_channels
    return min(_work(first, second, both))


def compose_biases(second, kernel2, bias1, bias2):
    """Returns the bias of two convolutions in a row, of which the second pads nothing.

    Args:
        second: Window of the second.
        kernel2: Kernel of the second.
        bias1: Bias of the first, or None.
        bias2: Bias of the second, or None.
    """
    if bias1 is None:
        return bias2
    weights = ops.sum(kernel2, axis=tuple(range(len(second.size))))
    through = ops.sum(weights * per_group(bias1, second.groups, second.out_channels), axis=0)
    return through if bias2 is None else through + bias2


def per_group(values, groups, out_channels):
    """Returns what each output channel sees of the input channels' values.

    Args:
        values: One for each input channel.
        groups: Into which the channels fall.
        out_channels: The number of output channels.

    Returns:
        An array of shape `(channels in a group, out_channels)`.
    """
    columns = ops.transpose(ops.reshape(values, (groups, -1)))
    return ops.repeat(columns, out_channels // groups, axis=1)


def spread(kernel, gaps):
    """Puts `gap - 1` zeros between the weights along each spatial axis."""
    return _spread(kernel, gaps, axis=0)


def convolve(x, kernel, strides, dilation, groups, padding="valid", data_format="channels_last"):
    """Returns the convolution of `x`, by the backend's depthwise one where it is that."""
    options = {
        "strides": strides,
        "padding": padding,
        "data_format": data_format,
        "dilation_rate": dilation,
    }
    depthwise = kernel.shape[-2] == 1 and groups > 1 and len(strides) < 3
    if depthwise and len(set(strides)) == 1:  # TensorFlow knows no other strides
        kernel = ops.reshape(kernel, (*kernel.shape[:-2], groups, -1))
        return ops.depthwise_conv(x, kernel, **options)
    return ops.conv(x, kernel, **options)


def _gaps(first, second, both):
    gaps1 = [d // gap for d, gap in zip(first.dilation, both.dilation, strict=True)]
    steps = (d * stride for d, stride in zip(second.dilation, first.strides, strict=True))
    gaps2 = [step // gap for step, gap in zip(steps, both.dilation, strict=True)]
    return [
        [gap if k > 1 else 1 for gap, k in zip(gaps, window.size, strict=True)]
        for gaps, window in ((gaps1, first), (gaps2, second))
    ]


def _slides_the_first(first, second, both):
    slid_second, slid_first = _work(first, second, both)
    return slid_first < slid_second


def _work(first, second, both):
    """The multiply-adds if the second kernel slides over the first, and the other way round."""
    weights = math.prod(both.size)
    inside = first.out_channels // second.groups
    inputs = both.in_channels // both.groups
    slid_second = inputs * weights * math.prod(second.size) * inside * both.out_channels
    if first.groups > 1 or second.groups > 1:
        return slid_second, math.inf
    return slid_second, inputs * weights * math.prod(first.size) * inside * both.out_channels


def _with_groups(kernel, window, groups):
    """Writes a kernel as one of fewer groups, with zeros for the inputs that it does not see."""
    merged = window.groups // groups
    if merged == 1:
        return kernel
    seen = np.arange(window.in_channels // groups) // (window.in_channels // window.groups)
    group = np.arange(window.out_channels) // (window.out_channels // window.groups) % merged
    mask = ops.cast(seen[:, None] == group, kernel.dtype)
    return ops.tile(kernel, (*(1 for _ in window.size), merged, 1)) * mask


def _flipped(kernel):
    return ops.flip(kernel, axis=tuple(range(len(kernel.shape) - 2)))


def _spread(x, gaps, axis):
    for offset, gap in enumerate(gaps):
        here = axis + offset
        shape, size = tuple(x.shape), x.shape[here]
        if gap > 1 and size > 1:
            x = ops.expand_dims(x, here + 1)
            x = ops.pad(x, [(0, gap - 1 if i == here + 1 else 0) for i in range(len(shape) + 1)])
            x = ops.reshape(x, (*shape[:here], size * gap, *shape[here + 1 :]))
            x = x[(slice(None),) * here + (slice(0, (size - 1) * gap + 1),)]
    return x


def _convolve_in_full(image, kernel, gaps, groups):
    margins = [(k - 1) * gap for k, gap in zip(kernel.shape, gaps, strict=False)]
    image = ops.pad(image, [(0, 0), *((m, m) for m in margins), (0, 0)])
    return convolve(image, kernel, (1,) * len(gaps), tuple(gaps), groups)

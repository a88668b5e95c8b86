"""The geometry of a convolution, that of two in a row, and what each costs."""

import math
from dataclasses import dataclass, replace


class Refused(Exception):
    """Two layers cannot be made one exactly; the message says why."""


@dataclass(frozen=True)
class Window:
    """The geometry of a linear layer, each tuple with an entry for each spatial axis.

    A dense layer on features has no spatial axes; a batch norm has size 1, and one group for
    each channel.

    Attributes:
        in_sizes: Pixels of the input, without padding.
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        groups: Into which the channels fall.
        size: Weights of the kernel.
        strides: Pixels from one output to the next.
        dilation: Pixels from one weight to the next.
        pads: Zeros `(before, after)` the input.
        flattens: Whether the kernel spans the whole input and the output has no spatial axes.
    """

    in_sizes: tuple
    in_channels: int
    out_channels: int
    groups: int
    size: tuple
    strides: tuple
    dilation: tuple
    pads: tuple
    flattens: bool = False

    @property
    def extent(self):
        """Pixels that the kernel spans."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.size, self.dilation, strict=True))

    @property
    def out_sizes(self):
        """Pixels of the output."""
        axes = zip(self.in_sizes, self.pads, self.extent, self.strides, strict=True)
        return tuple((n + sum(pads) - extent) // stride + 1 for n, pads, extent, stride in axes)

    @property
    def scales(self):
        """Whether it scales each channel, and no more."""
        alone = self.groups == self.in_channels == self.out_channels
        axes = (*self.size, *self.strides)
        return alone and set(axes) <= {1} and not any(map(sum, self.pads))

    @property
    def multiply_adds(self):
        """Those of one image; a scale and a pooling count one for each weight, too."""
        if self.flattens:
            return math.prod(self.in_sizes) * self.in_channels * self.out_channels
        weights = math.prod(self.size) * self.in_channels // self.groups
        return math.prod(self.out_sizes) * self.out_channels * weights

    def lifted(self, rank):
        """Returns that of the same layer on an image of one pixel."""
        one = (1,) * rank
        return replace(
            self, in_sizes=one, size=one, strides=one, dilation=one, pads=((0, 0),) * rank
        )


def same_pads(sizes, extent, strides):
    """Returns the zeros that `padding="same"` puts before and after each axis."""
    pads = []
    for n, k, stride in zip(sizes, extent, strides, strict=True):
        total = max((math.ceil(n / stride) - 1) * stride + k - n, 0)
        pads.append((total // 2, total - total // 2))
    return tuple(pads)


def in_a_row(first, second, has_bias):
    """Returns the window of two convolutions in a row.

    A weight at `i` of the first and one at `j` of the second meet the pixel `i + stride * j`, so
    that the two span `extent1 + (extent2 - 1) * stride1` pixels with stride `stride1 * stride2`.

    Args:
        first: Window of the first.
        second: Window of the second, with as many spatial axes.
        has_bias: Whether the first adds a bias.

    Raises:
        Refused: If the second pads what the first gives, and these zeros are not what the first
            gives of zeros: that is so only for a first kernel of size 1 without bias.
    """
    axes = range(len(first.size))
    strides = tuple(a * b for a, b in zip(first.strides, second.strides, strict=True))
    dilation = tuple(_dilation(first, second, axis, strides) for axis in axes)
    extent = [first.extent[a] + (second.extent[a] - 1) * first.strides[a] for a in axes]
    return Window(
        first.in_sizes,
        first.in_channels,
        second.out_channels,
        math.gcd(first.groups, second.groups) if not first.scales else second.groups,
        tuple((k - 1) // d + 1 for k, d in zip(extent, dilation, strict=True)),
        strides,
        dilation,
        tuple(_pads(first, second, axis, has_bias) for axis in axes),
        second.flattens or first.flattens,
    )


def _dilation(first, second, axis, strides):
    """The largest that reaches all weights; backends know none beside a stride."""
    if max(strides) > 1:
        return 1
    gaps = [w.dilation[axis] for w in (first, second) if w.size[axis] > 1]
    return math.gcd(*gaps) or 1


def _pads(first, second, axis, has_bias):
    before, after = second.pads[axis]
    if not before and not after:
        return first.pads[axis]
    if has_bias:
        raise Refused("the second pads with zeros, where the first would give its bias")
    if first.size[axis] > 1 or any(first.pads[axis]):
        raise Refused("the second pads with zeros, where the first would give values of the border")
    stride, last = first.strides[axis], first.out_sizes[axis] - 1
    needed = (last + after) * stride + 1 - first.in_sizes[axis] if after else 0
    return before * stride, needed

"""A linear map of feature maps, and two of them made one."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from keras import ops

from regard.models.folding import forms
from regard.models.folding.kernels import (
    compose_biases,
    compose_kernels,
    convolve,
    multiply_adds_to_compose,
    spread,
)
from regard.models.folding.window import Refused, Window, in_a_row, same_pads


@dataclass(frozen=True)
class Linear:
    """A linear layer, or several made one.

    Attributes:
        calls: The calls that it stands for.
        window: Its geometry.
        data_format: Its layout; `"channels_last"` without spatial axes.
        dtype: In which it computes.
        has_bias: Whether it adds a bias.
        weights: Gives its kernel, of shape `(*size, channels in a group, channels)`, and its
            bias or None, from the layers' variables as they are.
        activation: What follows it, or None.
        composing: Multiply-adds to make the kernel, once for a batch.
    """

    calls: tuple
    window: Window
    data_format: str
    dtype: str
    has_bias: bool
    weights: Callable
    activation: Any = None
    composing: int = 0

    def then(self, second):
        """Returns this and `second`, which takes its output, as one.

        Raises:
            Refused: If that would not be exact.
        """
        if self.activation is not None:
            name = getattr(self.activation, "__name__", self.activation)
            raise Refused(f"the activation {name} stands between them")
        if self.dtype != second.dtype:
            raise Refused(f"the first computes in {self.dtype}, the second in {second.dtype}")
        if self.window.flattens:
            second = _lifted(second, self)
        if self.data_format != second.data_format:
            raise Refused(f"the first is {self.data_format}, the second {second.data_format}")
        first_window, second_window = self.window, second.window
        both = in_a_row(first_window, second_window, self.has_bias)

        def weights():
            kernel1, bias1 = self.weights()
            kernel2, bias2 = second.weights()
            kernel = compose_kernels(first_window, second_window, both, kernel1, kernel2)
            return kernel, compose_biases(second_window, kernel2, bias1, bias2)

        work = multiply_adds_to_compose(first_window, second_window, both)
        return Linear(
            self.calls + second.calls,
            both,
            self.data_format,
            self.dtype,
            self.has_bias or second.has_bias,
            weights,
            second.activation,
            self.composing + second.composing + work,
        )

    def __call__(self, x):
        """Returns what the layers give for `x`, computed with one kernel."""
        kernel, bias = self.weights()
        x, kernel = ops.cast(x, self.dtype), ops.cast(kernel, self.dtype)
        x = self._apply(x, kernel)
        if bias is not None:
            x = x + _along_channels(ops.cast(bias, self.dtype), len(x.shape), self._channel_axis(x))
        return x if self.activation is None else self.activation(x)

    def _channel_axis(self, x):
        return 1 if self.data_format == "channels_first" and len(x.shape) > 2 else -1

    def _apply(self, x, kernel):
        window = self.window
        if window.scales:
            scale = ops.reshape(kernel, (-1,))
            return x * _along_channels(scale, len(x.shape), self._channel_axis(x))
        if not window.size:
            return ops.matmul(x, kernel)
        if window.flattens:
            return self._apply_flat(x, kernel)
        form = forms.convolution(window, self.data_format)
        if form is not None:
            return form(x, kernel, window.strides, window.dilation, window.groups, window.pads)
        padding = "same"
        if window.pads != same_pads(window.in_sizes, window.extent, window.strides):
            padding, x = "valid", self._padded(x)
        options = (window.strides, window.dilation, window.groups, padding, self.data_format)
        return convolve(x, kernel, *options)

    def _padded(self, x):
        if not any(map(any, self.window.pads)):
            return x
        none, pads = (0, 0), self.window.pads
        first = self.data_format == "channels_first"
        return ops.pad(x, [none, none, *pads] if first else [none, *pads, none])

    def _apply_flat(self, x, kernel):
        """Multiplies the whole image by the part of the kernel that is not over the padding."""
        window = self.window
        kernel = spread(kernel, window.dilation)
        lasts = zip(window.in_sizes, window.pads, kernel.shape, strict=False)
        kernel = ops.pad(kernel, [*((0, max(n + p[0] - k, 0)) for n, p, k in lasts), *[(0, 0)] * 2])
        seen = zip(window.in_sizes, window.pads, strict=True)
        kernel = kernel[tuple(slice(before, before + n) for n, (before, _) in seen)]
        if self.data_format == "channels_first":
            x = ops.moveaxis(x, 1, -1)
        features = window.in_channels * math.prod(window.in_sizes)
        kernel = ops.reshape(kernel, (features, window.out_channels))
        return ops.matmul(ops.reshape(x, (-1, features)), kernel)


def _along_channels(values, rank, axis):
    shape = [1] * rank
    shape[axis] = -1
    return ops.reshape(values, shape)


def _lifted(linear, first):
    """Writes a layer on features as one on images of one pixel."""
    rank = len(first.window.size)

    def weights():
        kernel, bias = linear.weights()
        return ops.reshape(kernel, (*[1] * rank, *kernel.shape[-2:])), bias

    window = linear.window.lifted(rank)
    return replace(linear, window=window, data_format=first.data_format, weights=weights)

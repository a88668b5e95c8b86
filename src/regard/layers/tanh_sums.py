"""Sums of `tanh(x_i + x_j)` over the channels, whole or for one query pixel at a time."""

import math

from keras import ops

from regard.backend import ACCELERATOR
from regard.layers import dot_product

WHOLE = 2**22  # terms up to which they are held together: 16 MiB of float32


def tanh_sums(pixels, weights):
    """Returns `sum_c weights_c tanh(pixels_ic + pixels_jc)` for pixels `i` and `j`.

    Beyond `WHOLE` terms the pixels `i` go one at a time on a CPU, whose memory the terms would
    keep busy; an accelerator takes all at once, which spares it many small steps.

    Args:
        pixels: `(batch, pixels, channels)`, at least float32.
        weights: `(channels,)`, in the dtype of `pixels`.

    Returns:
        `(batch, pixels, pixels)`.
    """
    if _is_taken_whole(pixels):
        terms = ops.tanh(ops.expand_dims(pixels, 2) + ops.expand_dims(pixels, 1))
        return _weighted(terms, weights)
    return _one_at_a_time(pixels, weights)


def _is_taken_whole(pixels):
    if ACCELERATOR.exists() or dot_product.holds_no_numbers(pixels):
        return True
    sizes = (*pixels.shape, pixels.shape[1])
    return None not in sizes and math.prod(sizes) <= WHOLE


def _weighted(terms, weights):
    return ops.squeeze(ops.matmul(terms, ops.expand_dims(weights, 1)), -1)


@ops.custom_gradient
def _one_at_a_time(pixels, weights):
    """The sums, with their gradients from `t = tanh(x_i + x_j)` made anew.

    As `t_ij = t_ji`, a gradient `G` of the sums gives `given = G + G^T`, and with it
    `dx_i = weights * sum_j given_ij (1 - t_ij^2)` and `dweights = sum_ij given_ij t_ij / 2`.
    """

    def sums(pixel):
        return _weighted(ops.tanh(ops.expand_dims(pixel, 1) + pixels), weights)

    def slopes_and_terms(pixel_and_given):
        pixel, given = (ops.expand_dims(x, 1) for x in pixel_and_given)
        terms = ops.tanh(pixel + pixels)
        return ops.matmul(given, 1.0 - ops.square(terms)), ops.matmul(given, terms)

    def gradients(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        given = upstream + ops.swapaxes(upstream, 1, 2)
        slopes, terms = ops.map(slopes_and_terms, (_by_pixel(pixels), _by_pixel(given)))
        d_pixels = weights * _by_pixel(ops.squeeze(slopes, 2))
        return d_pixels, 0.5 * ops.sum(terms, axis=(0, 1, 2))

    return _by_pixel(ops.map(sums, _by_pixel(pixels))), gradients


def _by_pixel(x):
    """Swaps images and pixels."""
    return ops.swapaxes(x, 0, 1)

"""The order in which an epoch meets the samples."""

import random
import time

import numpy as np

SHORT, LONG = 0.1, 0.4  # seconds


def drawn_seed():
    """Returns a seed from Python's own generator, which `keras.utils.set_random_seed` sets."""
    return random.randrange(2**31)


def epoch_order(count, seed, epoch):
    """Returns the indices of all samples in the order of one epoch, int32, `(count,)`.

    It depends on the seed and the number of the epoch alone, so that it is the same on every
    backend, and a training that goes on at `initial_epoch` meets the order it would have met.

    Args:
        count: Number of samples.
        seed: An integer of at least 0, or None for the order of the arrays.
        epoch: Number of the epoch, counted from 0.

    Example:
        >>> sorted(epoch_order(4, seed=1, epoch=0).tolist())
        [0, 1, 2, 3]
    """
    if seed is None:
        return np.arange(count, dtype="int32")
    return np.random.default_rng([seed, epoch]).permutation(count).astype("int32")


def spans(start, steps, least, most):
    """Yields `(first, end)` of the steps that each call runs: more in a call where calls are short.

    The number is doubled after a call of less than 0.1 s and halved after one of more than 0.4 s,
    so that little time goes to calling and Ctrl-C is heard.

    Args:
        start: First step.
        steps: Steps of the epoch.
        least: Steps of the first call, and the fewest of any but the last.
        most: The most steps of a call.

    Example:
        >>> list(spans(0, 5, 2, 2))
        [(0, 2), (2, 4), (4, 5)]
    """
    first, size = start, least
    while first < steps:
        end = min(first + size, steps)
        started = time.perf_counter()
        yield first, end
        took = time.perf_counter() - started
        if took < SHORT:
            size = min(2 * size, most)
        elif took > LONG:
            size = max(size // 2, least)
        first = end

"""Batches of one size: a smaller one is filled up, so that code is compiled once."""

import keras
import numpy as np


def in_batches(run, arrays, batch_size):
    """Runs a function over arrays, some rows at a time, and joins what it gives.

    Args:
        run: Takes a batch of each array and gives an array with one row for each.
        arrays: Arrays of equal length.
        batch_size: Rows at a time.

    Example:
        >>> in_batches(lambda x: 2 * x, [np.arange(5)], 3).tolist()
        [0, 2, 4, 6, 8]
    """
    rows = rows_in_batches(len(arrays[0]), batch_size)
    return np.concatenate([run(*(array[at] for array in arrays)) for at in rows])


def rows_in_batches(count, batch_size):
    """Yields the indices 0 to count - 1, at most batch_size at a time."""
    for start in range(0, count, batch_size):
        yield np.arange(start, min(start + batch_size, count))


def filled_up(run):
    """Makes a function that hands on batches of one size: that of the largest so far.

    Args:
        run: Takes arrays of equal length and gives arrays with one row for each.

    Returns:
        A function that repeats the last row as often as needed and cuts the results.

    Example:
        >>> sizes = []
        >>> run = filled_up(lambda x: sizes.append(len(x)) or 2 * x)
        >>> [run(np.arange(3)).tolist(), run(np.arange(2)).tolist()], sizes
        ([[0, 2, 4], [0, 2]], [3, 3])
    """
    largest = 0

    def call(*batch):
        nonlocal largest
        count = len(batch[0])
        largest = max(largest, count)
        full = [np.concatenate([part, np.repeat(part[-1:], largest - count, 0)]) for part in batch]
        return keras.tree.map_structure(lambda part: part[:count], run(*full))

    return call

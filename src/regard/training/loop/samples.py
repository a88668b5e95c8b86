"""Where the samples lie: all on the device, or on disk and there a window at a time."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import keras
import numpy as np

from regard.training.loop import arrays

WINDOW = 2**26  # bytes of the samples that are on the device at once, of those on disk


def samples_of(data, batch_size):
    """Puts samples on the device, or where one of the arrays is a `np.memmap` gets ready to.

    Args:
        data: `(x, y, sample_weight)` of arrays.
        batch_size: Samples a step.
    """
    if any(isinstance(leaf, np.memmap) for leaf in arrays.leaves(data)):
        return OnDisk(data, batch_size)
    return OnDevice(arrays.on_device(data), len(arrays.leaves(data)[0]), batch_size)


class OnDevice(NamedTuple):
    """Samples on the device and how many make a batch."""

    data: tuple
    count: int
    batch_size: int

    @property
    def steps(self):
        """Steps of an epoch."""
        return math.ceil(self.count / self.batch_size)

    def rows(self, rows, prepare):
        """Returns the batch of these samples."""
        return arrays.batch(self.data, lambda array: keras.ops.take(array, rows, 0), prepare)

    def pieces(self, order, first, end):
        """Yields `(data, order, first, end)` for the steps `first` to `end - 1` of an epoch."""
        yield self.data, order, first, end


class OnDisk:
    """Samples that are read a window of steps at a time, the next one while one is trained on.

    Each window has the same shape on the device, so that nothing is compiled anew; it is filled
    with the samples that its steps meet, in the order of the epoch.
    """

    def __init__(self, data, batch_size):
        self._data = data
        self.batch_size = batch_size
        self.count = len(arrays.leaves(data)[0])
        size = sum(leaf[:1].nbytes for leaf in arrays.leaves(data)) * batch_size
        self._steps = min(max(WINDOW // size, 1), self.steps)
        self._reader = ThreadPoolExecutor(1)
        self._place, self._window = (None, -1), None
        self._next_place, self._next = (None, -1), None

    @property
    def steps(self):
        """Steps of an epoch."""
        return math.ceil(self.count / self.batch_size)

    def rows(self, rows, prepare):
        """Returns the batch of these samples."""
        data = arrays.each(self._data, lambda array: np.asarray(array[np.asarray(rows)]))
        return arrays.batch(arrays.on_device(data), lambda array: array, prepare)

    def pieces(self, order, first, end):
        """Yields `(data, order, first, end)` for the steps `first` to `end - 1` of an epoch."""
        while first < end:
            number = first // self._steps
            start = number * self._steps
            stop = min(end, start + self._steps)
            data = self._on_device(order, number)
            local = np.arange(len(self._rows(order, number)), dtype="int32")
            yield data, local, first - start, stop - start
            first = stop

    def _on_device(self, order, number):
        if self._place[0] is not order or self._place[1] != number:
            is_read = self._next_place[0] is order and self._next_place[1] == number
            read = self._next.result() if is_read else self._read(self._rows(order, number))
            self._place, self._window = (order, number), arrays.on_device(read)
            following = self._rows(order, number + 1)
            if len(following):
                self._next_place = (order, number + 1)
                self._next = self._reader.submit(self._read, following)
        return self._window

    def _rows(self, order, number):
        size = self._steps * self.batch_size
        return order[number * size : (number + 1) * size]

    def _read(self, rows):
        by_place = np.argsort(rows)

        def take(array):
            window = np.zeros((self._steps * self.batch_size, *array.shape[1:]), array.dtype)
            window[by_place] = array[rows[by_place]]
            return window

        return arrays.each(self._data, take)

"""Pictures read on all cores."""

import itertools
import os
import warnings
from concurrent.futures import ThreadPoolExecutor

_AT_ONCE = 64  # items that a thread is given


def on_all_cores(read, items):
    """Returns `read(item)` of each item, in order; decoders warn of nothing meanwhile.

    Warnings are switched off around all threads: one thread that does so for itself switches them
    on again for the others when it is done.

    Args:
        read: A function that spends its time where other threads can run, as decoders do.
        items: A sequence.

    Example:
        >>> on_all_cores(abs, [-1, 2])
        [1, 2]
    """
    parts = [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")
        read_parts = pool.map(lambda part: [read(item) for item in part], parts)
        return list(itertools.chain.from_iterable(read_parts))

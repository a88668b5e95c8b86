"""Pictures read on all cores."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor


def on_all_cores(read, items):
    """Returns `read(item)` of each item, in order; decoders warn of nothing meanwhile.

    Warnings are switched off around all threads: one thread that does so for itself switches them
    on again for the others when it is done.

    Example:
        >>> on_all_cores(abs, [-1, 2])
        [1, 2]
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")
        return list(pool.map(read, items))

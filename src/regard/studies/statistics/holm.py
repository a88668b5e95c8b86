"""Several tests at once."""

import numpy as np


def holm(p):
    """Returns p values adjusted by Holm (1979).

    If those at most some level are called significant, the probability that any of them is of a
    design without effect is at most that level, whatever the tests have in common.

    Args:
        p: The p value of each test, `(tests,)`.

    Returns:
        Adjusted p values, `(tests,)`, in the order of `p`.

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p, np.float64)
    order = np.argsort(p)
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1)
    return adjusted

"""How much of a level may be used up by each look at growing data."""

import numpy as np
from scipy.stats import norm


def spent(times, level):
    """Returns how much of a level may be spent up to each look.

    The spending function of O'Brien and Fleming's type (Lan and DeMets, 1983), two-sided: next to
    nothing early, all at the end.

    Args:
        times: Share of all data at each look, above 0 to 1, `(looks,)`.
        level: Of all looks together, between 0 and 1.

    Returns:
        Level that is spent, `(looks,)`, rising to `level` at the time 1.

    Example:
        >>> spent([0.25, 0.5, 1], level=0.05).round(5).tolist()
        [1e-05, 0.00305, 0.05]
    """
    return 4 * norm.sf(norm.isf(level / 4) / np.sqrt(times))

"""McNemar's test of two networks on the same images."""

import numpy as np
from scipy.stats import binom


def mcnemar_p(correct, others):
    """Returns McNemar's mid-p, two-sided (Fagerland et al., 2013, doi:10.1186/1471-2288-13-91).

    Of the images that just one network classifies correctly, each network has half if neither is
    better. Outcomes as likely as the one found count half.

    It is about these two networks: it says nothing of other seeds.

    Args:
        correct: Whether the one network classifies each image correctly, `(images,)`.
        others: Whether the other does, `(images,)`.

    Returns:
        The p value, 0…1; 1 where both are right on the same images.

    Example:
        >>> round(mcnemar_p([True] * 8 + [False] * 2, [False] * 8 + [True] * 2), 4)
        0.0654
    """
    correct, others = np.asarray(correct, bool), np.asarray(others, bool)
    only_here, only_there = int(np.sum(correct & ~others)), int(np.sum(others & ~correct))
    if only_here == only_there == 0:
        return 1.0
    images, fewer = only_here + only_there, min(only_here, only_there)
    as_likely = binom.pmf(fewer, images, 0.5) * (1 if only_here == only_there else 2)
    return float(2 * binom.cdf(fewer - 1, images, 0.5) + as_likely / 2)

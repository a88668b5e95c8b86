"""How much paired differences vary from seed to seed."""

import math

import numpy as np


def spread(differences, images):
    """Returns the standard deviation of differences, at least that of rounding to whole images.

    An accuracy is a count over the number of images. Differences that are all equal therefore
    show a spread below one image, not none, and no certainty; the difference of two counts that
    are rounded has a variance of 1/12 + 1/12 images squared, which is the least that is returned.

    Args:
        differences: Accuracy of one arm less that of the other for each seed, `(seeds,)`, at
            least two.
        images: Number of images the accuracies are of, at least 1.

    Returns:
        The standard deviation, a fraction of the images as the differences are.

    Example:
        >>> round(spread([0.01, 0.02, 0.03], images=10_000), 6)
        0.01
        >>> round(spread([0.01, 0.01, 0.01], images=10_000), 6)
        4.1e-05
    """
    return max(float(np.std(differences, ddof=1)), 1 / (images * math.sqrt(6)))

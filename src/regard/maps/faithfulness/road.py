"""ROAD: removing pixels without leaving a trace of where they were."""

import numpy as np

from regard.maps.faithfulness.checks import check_maps, check_shares, image_size, prepare
from regard.maps.faithfulness.imputation import impute
from regard.maps.faithfulness.network import probabilities_of_variants
from regard.maps.faithfulness.pixels import counts, each_map, ranks

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


def road(model, maps, images, classes=None, *, shares=SHARES, noise=0.01, seed=0, batch_size=256):
    """Mean probability of the class after the most relevant pixels were filled in.

    For each share of the pixels, those most relevant by the map are replaced by noisy linear
    imputation (see `imputation.impute`), which, other than a constant colour, does not tell the
    network the shape of what was removed (Rong et al., arXiv:2202.00449; most relevant first).
    The paper reports the accuracy, we the probability of the class. Lower is better.

    Args:
        model: A Keras model that gives class probabilities.
        maps: Relevance, `(batch, rows, columns)`; with further axes in front, such as one of
            methods, each batch of maps is scored.
        images: What the model takes.
        classes: Class of each image or one for all; None takes the predicted ones.
        shares: Shares of the pixels to remove, each between 0 and 1.
        noise: Standard deviation of the noise, as a share of the images' range of values.
        seed: Of the noise and of the order of equally relevant pixels.
        batch_size: Images that the network gets at a time.

    Returns:
        Array `(..., batch)`, 0…1.

    Raises:
        DataError: If images, maps or classes are not as described.
        UsageError: If `shares` are not.
    """
    check_shares("shares", shares)
    images, classes, axis = prepare(model, images, classes, batch_size)
    maps = check_maps(maps, images, axis)
    last = np.moveaxis(images, axis, -1)
    spread = noise * float(np.ptp(images))
    pixels = np.prod(image_size(images, axis))
    numbers = np.clip(counts(shares, pixels), 0, pixels - 1)

    def mean_probability(one):
        order = ranks(one, seed)
        filled = (impute(last, order < n, spread, seed) for n in numbers)
        variants = (np.moveaxis(changed, -1, axis) for changed in filled)
        return probabilities_of_variants(model, variants, classes, batch_size).mean(axis=0)

    return each_map(mean_probability, maps)

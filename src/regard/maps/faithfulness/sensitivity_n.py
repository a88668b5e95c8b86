"""Sensitivity-n: does a map's sum over pixels tell what removing them does?"""

import numpy as np

from regard.maps.faithfulness.checks import (
    check_count,
    check_maps,
    check_shares,
    image_size,
    prepare,
)
from regard.maps.faithfulness.network import class_probability, probabilities_of_variants
from regard.maps.faithfulness.pixels import counts, each_map, mean_colour, replaced

SHARES = (0.05, 0.1, 0.2, 0.4)


def sensitivity_n(
    model,
    maps,
    images,
    classes=None,
    *,
    shares=SHARES,
    samples=16,
    subsets=None,
    baseline=None,
    seed=0,
    batch_size=256,
):
    """Correlation between a map's sum over n pixels and the effect of removing these.

    For each n, `samples` random subsets of n pixels are removed; Pearson's correlation over the
    subsets between the map's sum and the fall of the class's probability, then the mean over n
    (Ancona et al., Towards better understanding of gradient-based attribution methods,
    arXiv:1711.06104, section 4). The subsets are the same for all images. Where one of the two
    does not vary, such as for a flat map, the correlation counts as 0. Higher is better.

    Args:
        model: A Keras model that gives class probabilities.
        maps: Relevance, `(batch, rows, columns)`; with further axes in front, such as one of
            methods, each batch of maps is scored, on the same subsets.
        images: What the model takes.
        classes: Class of each image or one for all; None takes the predicted ones.
        shares: n as shares of the number of pixels, each between 0 and 1.
        samples: Subsets for each n, at least 3.
        subsets: The subsets instead of random ones: booleans `(sizes, samples, rows, columns)`.
        baseline: What comes in the pixels' place, a number or an array that broadcasts to the
            images; by default the mean of each channel over the images.
        seed: Of the subsets.
        batch_size: Images that the network gets at a time.

    Returns:
        Array `(..., batch)`, -1…1.

    Raises:
        DataError: If images, maps or classes are not as described.
        UsageError: If `shares` or `samples` are not.
    """
    check_shares("shares", shares)
    check_count("samples", samples, 3)
    images, classes, axis = prepare(model, images, classes, batch_size)
    maps = check_maps(maps, images, axis)
    baseline = mean_colour(images, axis) if baseline is None else baseline
    if subsets is None:
        subsets = _random_subsets(image_size(images, axis), shares, samples, seed)
    effects = [
        removal_effects(model, images, classes, of_size, baseline, axis, batch_size)
        for of_size in subsets
    ]

    def mean_correlation(one):
        pairs = zip(subsets, effects, strict=True)
        return np.mean([_correlation(sums(one, s), e) for s, e in pairs], axis=0)

    return each_map(mean_correlation, maps)


def removal_effects(model, images, classes, regions, baseline, axis, batch_size):
    """Returns how far the class's probability falls when a region is removed.

    Args:
        model: A Keras model that gives class probabilities.
        images: Images in the model's layout.
        classes: Class of each image, shape `(batch,)`.
        regions: Booleans `(regions, rows, columns)`.
        baseline: What comes in the region's place, broadcasting to the images.
        axis: That of the channels, -1 or 1.
        batch_size: Images that the network gets at a time.

    Returns:
        Array `(regions, batch)`, -1…1.
    """
    variants = (replaced(images, region, baseline, axis) for region in regions)
    after = probabilities_of_variants(model, variants, classes, batch_size)
    return class_probability(model, images, classes, batch_size) - after


def sums(maps, regions):
    """Returns each map's sum over each region, shape `(regions, batch)`."""
    return regions.reshape(len(regions), -1).astype(np.float64) @ maps.reshape(len(maps), -1).T


def _random_subsets(size, shares, samples, seed):
    chance = np.random.default_rng(seed).random((len(shares), samples, size[0] * size[1]))
    places = chance.argsort(axis=-1).argsort(axis=-1)
    numbers = np.maximum(counts(shares, places.shape[-1]), 1)
    return (places < numbers[:, None, None]).reshape(len(shares), samples, *size)


def _correlation(first, second):
    """Pearson's correlation along the first axis; 0 where one of the two does not vary."""
    scale = [np.abs(x).max(axis=0) for x in (first, second)]
    first, second = (x - x.mean(axis=0) for x in (first, second))
    spread = [np.sqrt((x**2).sum(axis=0)) for x in (first, second)]
    varies = (spread[0] > 1e-9 * scale[0]) & (spread[1] > 1e-6 * np.maximum(scale[1], 1e-6))
    product = np.where(varies, spread[0] * spread[1], 1)
    return np.where(varies, (first * second).sum(axis=0) / product, 0)

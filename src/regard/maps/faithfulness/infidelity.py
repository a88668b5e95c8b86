"""Infidelity: how far a map's sum is from the effect of removing a square."""

import numpy as np

from regard.maps.faithfulness.checks import check_count, check_maps, image_size, prepare
from regard.maps.faithfulness.pixels import each_map, mean_colour
from regard.maps.faithfulness.sensitivity_n import removal_effects, sums


def infidelity(
    model,
    maps,
    images,
    classes=None,
    *,
    samples=40,
    regions=None,
    baseline=None,
    seed=0,
    batch_size=256,
):
    """Mean squared error of a map's sum over removed squares as a guess of their effect.

    `mean((b * sum of the map over the square - fall of the class's probability)^2)` over random
    squares with sides of an eighth to a half of the image's shorter side (Yeh et al., On the
    (In)fidelity and Sensitivity of Explanations, arXiv:1901.09392, definition 2.1 with square
    removal). A map's value is read as what the pixel adds to the probability, not as a slope, and
    `b` is the number that makes the error least, so that a map's scale does not matter. The
    squares are the same for all images. Lower is better.

    Args:
        model: A Keras model that gives class probabilities.
        maps: Relevance, `(batch, rows, columns)`; with further axes in front, such as one of
            methods, each batch of maps is scored, on the same squares.
        images: What the model takes.
        classes: Class of each image or one for all; None takes the predicted ones.
        samples: Number of squares.
        regions: Regions instead of random squares: booleans `(samples, rows, columns)`.
        baseline: What comes in the pixels' place, a number or an array that broadcasts to the
            images; by default the mean of each channel over the images.
        seed: Of the squares.
        batch_size: Images that the network gets at a time.

    Returns:
        Array `(..., batch)`, 0…1.

    Raises:
        DataError: If images, maps or classes are not as described.
        UsageError: If `samples` is not.
    """
    check_count("samples", samples)
    images, classes, axis = prepare(model, images, classes, batch_size)
    maps = check_maps(maps, images, axis)
    baseline = mean_colour(images, axis) if baseline is None else baseline
    if regions is None:
        regions = _random_squares(image_size(images, axis), samples, seed)
    effects = removal_effects(model, images, classes, regions, baseline, axis, batch_size)

    def error(one):
        guesses = sums(one, regions)
        square = (guesses**2).mean(axis=0)
        best = (guesses * effects).mean(axis=0) / np.where(square > 0, square, 1)
        return ((best * guesses - effects) ** 2).mean(axis=0)

    return each_map(error, maps)


def _random_squares(size, samples, seed):
    rng = np.random.default_rng(seed)
    shorter = min(size)
    sides = rng.integers(max(shorter // 8, 1), max(shorter // 2, 1), samples, endpoint=True)
    squares = np.zeros((samples, *size), bool)
    for square, side in zip(squares, sides, strict=True):
        row, column = (rng.integers(0, length - side, endpoint=True) for length in size)
        square[row : row + side, column : column + side] = True
    return squares

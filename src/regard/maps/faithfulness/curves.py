"""Insertion and deletion: how the class's probability changes pixel by pixel."""

import numpy as np
from scipy.integrate import trapezoid
from scipy.ndimage import gaussian_filter

from regard.maps.faithfulness.checks import check_count, check_maps, image_size, prepare
from regard.maps.faithfulness.network import probabilities_of_variants
from regard.maps.faithfulness.pixels import counts, each_map, mean_colour, ranks, replaced


def insertion(model, maps, images, classes=None, *, steps=10, start=None, seed=0, batch_size=256):
    """Area under the class's probability while pixels appear, most relevant first.

    Begins with a blurred image and puts the true pixels in, in the order of the map, the same
    number at each step (Petsiuk et al., RISE, arXiv:1806.07421, section 3.2). The area is by the
    trapezoidal rule over the share of pixels. Higher is better.

    Args:
        model: A Keras model that gives class probabilities.
        maps: Relevance, `(batch, rows, columns)`; with further axes in front, such as one of
            methods, each batch of maps is scored.
        images: What the model takes.
        classes: Class of each image or one for all; None takes the predicted ones.
        steps: Number of steps from none to all pixels, at least 2.
        start: What is there before, a number or an array that broadcasts to the images; by
            default the image blurred by a Gaussian with a standard deviation of an eighth of its
            shorter side.
        seed: Of the order of equally relevant pixels.
        batch_size: Images that the network gets at a time.

    Returns:
        Array `(..., batch)`, 0…1.

    Raises:
        DataError: If images, maps or classes are not as described.
        UsageError: If `steps` is not.
    """
    images, classes, axis = prepare(model, images, classes, batch_size)
    start = np.broadcast_to(_blurred(images, axis) if start is None else start, images.shape)
    return _area(model, maps, start, images, classes, axis, steps, seed, batch_size)


def deletion(model, maps, images, classes=None, *, steps=10, baseline=None, seed=0, batch_size=256):
    """Area under the class's probability while pixels vanish, most relevant first.

    Replaces the pixels in the order of the map, the same number at each step (Petsiuk et al.,
    RISE, arXiv:1806.07421, section 3.2; there by the mean of the data set, which is zero after
    the usual preparation). Lower is better.

    Args:
        model: A Keras model that gives class probabilities.
        maps: Relevance, `(batch, rows, columns)`; with further axes in front, such as one of
            methods, each batch of maps is scored.
        images: What the model takes.
        classes: Class of each image or one for all; None takes the predicted ones.
        steps: Number of steps from all to no pixels, at least 2.
        baseline: What comes in their place, a number or an array that broadcasts to the images;
            by default the mean of each channel over the images.
        seed: Of the order of equally relevant pixels.
        batch_size: Images that the network gets at a time.

    Returns:
        Array `(..., batch)`, 0…1.

    Raises:
        DataError: If images, maps or classes are not as described.
        UsageError: If `steps` is not.
    """
    images, classes, axis = prepare(model, images, classes, batch_size)
    baseline = mean_colour(images, axis) if baseline is None else baseline
    baseline = np.broadcast_to(baseline, images.shape)
    return _area(model, maps, images, baseline, classes, axis, steps, seed, batch_size)


def _area(model, maps, before, after, classes, axis, steps, seed, batch_size):
    """The area while the pixels of `after` replace those of `before`."""
    check_count("steps", steps, 2)
    maps = check_maps(maps, after, axis)
    numbers = counts(np.linspace(0, 1, steps + 1), np.prod(image_size(after, axis)))

    first, last = probabilities_of_variants(model, (before, after), classes, batch_size)

    def area(one):
        order = ranks(one, seed)
        variants = (replaced(before, order < n, after, axis) for n in numbers[1:-1])
        between = probabilities_of_variants(model, variants, classes, batch_size)
        return trapezoid(np.vstack([first, between, last]), numbers / numbers[-1], axis=0)

    return each_map(area, maps)


def _blurred(images, axis):
    rows, columns = image_size(images, axis)
    sigma = [0, *[min(rows, columns) / 8] * 3]
    sigma[axis] = 0
    return gaussian_filter(images, sigma)

"""Methods that make maps: running them, and three that know nothing of the network."""

import numpy as np
from scipy.ndimage import sobel

from regard.maps.faithfulness.checks import check_maps, image_size
from regard.models.inputs import channel_axis


def run(method, model, images, classes):
    """Returns the maps of a method, checked, `(batch, rows, columns)`."""
    maps = check_maps(method(model, images, classes), images, channel_axis(model))
    return maps.reshape(maps.shape[-3:])


def uniform(model, images, classes):
    """Gives every pixel the same relevance."""
    return np.ones((len(images), *image_size(images, channel_axis(model))))


def centre(model, images, classes):
    """Gives a Gaussian around the centre, with standard deviations of a quarter of each side."""
    size = image_size(images, channel_axis(model))
    rows, columns = (np.exp(-8 * ((np.arange(n) + 0.5) / n - 0.5) ** 2) for n in size)
    return np.tile(np.outer(rows, columns), (len(images), 1, 1))


def edges(model, images, classes):
    """Gives the length of the image's gradient by Sobel's filter, summed over the channels."""
    pictures = np.moveaxis(images, channel_axis(model), -1).astype(np.float64)
    return np.hypot(sobel(pictures, axis=1), sobel(pictures, axis=2)).sum(axis=-1)

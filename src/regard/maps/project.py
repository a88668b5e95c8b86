"""Draws the values of a map's pixels onto the image, each at the place that it saw."""

import numpy as np

from regard.maps.geometry import Axis, Geometry


def to_image(values, geometry: Geometry, image_size):
    """Interpolates maps linearly between the centres of their pixels' receptive fields.

    Beyond the outermost centres the nearest value holds, so a map's extreme values stay the
    extreme values of the picture.

    Args:
        values: Array `(batch, …, rows, columns)` of the map.
        geometry: Where the map's pixels lie on the image.
        image_size: `(rows, columns)` of the image.

    Returns:
        Array `(batch, …, *image_size)`, in the unit of `values`.

    Example:
        >>> from regard.maps.geometry import stretched
        >>> to_image(np.array([[[0.0, 1.0]]]), stretched((1, 4), (1, 2)), (1, 4)).tolist()
        [[[0.0, 0.25, 0.75, 1.0]]]
    """
    rows, columns = (
        _weights(a, np.arange(n)) for a, n in zip(geometry.axes, image_size, strict=True)
    )
    return rows @ values @ columns.T


def nearest_pixel(geometry: Geometry, position):
    """Returns the index `(row, column)` of the map pixel whose centre is nearest on the image."""
    return tuple(
        int(np.abs(axis.centres() - place).argmin())
        for axis, place in zip(geometry.axes, position, strict=True)
    )


def between(before: Geometry, after: Geometry):
    """Returns the matrix that gives the pixels of one map from those of another.

    Args:
        before: The geometry of the map that there is.
        after: That of the map wanted.

    Returns:
        Array `(pixels of after, pixels of before)`, linear between the centres; rows sum to 1.
    """
    pairs = zip(after.axes, before.axes, strict=True)
    return np.kron(*(_weights(axis, wanted.centres()) for wanted, axis in pairs))


def _weights(axis: Axis, positions):
    place = np.clip((positions - axis.start) / axis.step, 0, axis.size - 1)
    return np.maximum(1 - np.abs(place[:, None] - np.arange(axis.size)), 0)

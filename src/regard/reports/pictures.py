"""Images, and images with a map laid over them, as arrays that can be shown."""

import matplotlib
import numpy as np
from matplotlib.colors import Normalize
from PIL import Image

from regard.errors import DataError

COLORMAP = "viridis"
OPACITY = 0.6
_FLAT = 1e-4


def as_rgb(image):
    """Returns an image as red, green and blue.

    Args:
        image: Array `(rows, columns)`, `(rows, columns, 1)` or `(rows, columns, 3)`, uint8.

    Returns:
        Array `(rows, columns, 3)`, uint8, 0…255.

    Raises:
        DataError: If the image has another shape or type.

    Example:
        >>> as_rgb(np.zeros((28, 28), np.uint8)).shape
        (28, 28, 3)
    """
    image = np.asarray(image)
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3) or image.dtype != np.uint8:
        raise DataError(
            "An image must be uint8 of shape (rows, columns), (rows, columns, 1) or "
            f"(rows, columns, 3), not {image.dtype} of {image.shape}."
        )
    return np.broadcast_to(image, (*image.shape[:2], 3))


def is_flat(values):
    """Tells whether a map varies by less than a ten-thousandth of its largest value.

    Args:
        values: Map `(rows, columns)`.

    Returns:
        True where there is nothing to see in the map.

    Example:
        >>> is_flat(np.full((12, 12), 1 / 144))
        True
    """
    return bool(np.ptp(values) <= _FLAT * np.abs(values).max())


def shared_scale(maps):
    """Returns one colour scale for all maps.

    Args:
        maps: Maps `(rows, columns)`, finite, at least one.

    Returns:
        `(scale, ticks)`: a `matplotlib.colors.Normalize`, and the smallest and the largest value
        of all maps; only one value where all maps are flat and alike.

    Raises:
        DataError: If a value is not finite.

    Example:
        >>> shared_scale([np.array([[0.25, 0.75]])])[1]
        [0.25, 0.75]
    """
    values = np.concatenate([np.ravel(each) for each in maps]).astype(np.float64)
    if not np.isfinite(values).all():
        raise DataError("A map holds values that are not finite.")
    low, high = float(values.min()), float(values.max())
    if not is_flat(values):
        return Normalize(low, high), [low, high]
    pad = abs(low) / 2 or 0.5
    return Normalize(low - pad, low + pad), [low]


def overlay(image, values, scale):
    """Lays a map over an image, semi-transparently.

    Args:
        image: Image as for `as_rgb`.
        values: Map `(rows, columns)`; of another size than the image, it is stretched over it,
            each value as a block.
        scale: Colour scale from `shared_scale`.

    Returns:
        Array `(rows, columns, 3)`, uint8, of the image's size.

    Example:
        >>> values = np.eye(4)
        >>> overlay(np.zeros((8, 8), np.uint8), values, shared_scale([values])[0]).shape
        (8, 8, 3)
    """
    image = as_rgb(image)
    rows, columns = image.shape[:2]
    stretched = Image.fromarray(np.asarray(values, np.float32)).resize((columns, rows), 0)
    colors = matplotlib.colormaps[COLORMAP](scale(np.asarray(stretched)), bytes=True)[..., :3]
    return np.round((1 - OPACITY) * image + OPACITY * colors).astype(np.uint8)

"""Images, and images with a map laid over them, as arrays that can be shown."""

import math

import matplotlib
import numpy as np
from matplotlib.colors import CenteredNorm, Normalize
from PIL import Image

from regard.errors import DataError

COLORMAP = "viridis"
# Of matplotlib's diverging maps the one with the most even steps, and the one whose two arms stay
# furthest apart for people without red, green or blue cones (Machado et al. 2009).
SIGNED_COLORMAP = "coolwarm"
OPACITY = 0.6
_FLAT = 1e-4
_DARKEST = 96


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
    """Tells whether a map varies by at most a ten-thousandth of its largest value.

    Args:
        values: Map `(rows, columns)`.

    Returns:
        True where there is nothing to see in the map.

    Example:
        >>> is_flat(np.full((12, 12), 1 / 144))
        True
    """
    values = np.asarray(values, np.float64)
    return bool(np.ptp(values) <= _FLAT * np.abs(values).max())


def shared_scale(maps):
    """Returns one colour scale for all maps.

    Maps without negative values are coloured from their smallest to their largest value. Signed
    maps are coloured alike on both sides of zero, so that zero has the neutral colour.

    Args:
        maps: Maps `(rows, columns)`, finite, at least one.

    Returns:
        `(scale, ends)`: a `matplotlib.colors.Normalize`, and the smallest and the largest value
        of all maps; only one value where all maps are flat and alike.

    Raises:
        DataError: If there is no value, or one is not finite.

    Example:
        >>> shared_scale([np.array([[0.25, 0.75]])])[1]
        [0.25, 0.75]
        >>> float(shared_scale([np.array([[-0.2, 0.0, 0.8]])])[0](0.0))
        0.5
    """
    values = np.concatenate([np.ravel(each) for each in maps]) if len(maps) else np.zeros(0)
    values = values.astype(np.float64)
    if not values.size:
        raise DataError("There is no map to draw.")
    if not np.isfinite(values).all():
        raise DataError("A map holds values that are not finite.")
    low, high = float(values.min()), float(values.max())
    if is_flat(values):
        pad = abs(low) / 2 or 0.5
        return Normalize(low - pad, low + pad), [low]
    if low < -_FLAT * high:
        return CenteredNorm(0, max(-low, high)), [low, high]
    return Normalize(low, high), [low, high]


def colormap(scale):
    """Returns the colours that belong to a scale.

    Args:
        scale: Colour scale from `shared_scale`.

    Returns:
        A `matplotlib.colors.Colormap`: one that goes one way, or for signed maps one that goes
        two ways from a neutral colour; both safe for colour-blind people.

    Example:
        >>> colormap(shared_scale([np.eye(2)])[0]).name
        'viridis'
    """
    return matplotlib.colormaps[SIGNED_COLORMAP if isinstance(scale, CenteredNorm) else COLORMAP]


def paint(values, scale):
    """Returns a map in colours, one pixel for each value.

    Args:
        values: Map `(rows, columns)`, finite.
        scale: Colour scale from `shared_scale`.

    Returns:
        Array `(rows, columns, 3)`, uint8.

    Raises:
        DataError: If the map has other axes.

    Example:
        >>> paint(np.eye(2), shared_scale([np.eye(2)])[0])[0].tolist()
        [[253, 231, 36], [68, 1, 84]]
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2:
        raise DataError(f"A map must have the axes (rows, columns), not the shape {values.shape}.")
    return colormap(scale)(scale(values), bytes=True)[..., :3]


def overlay(image, values, scale):
    """Lays a map over an image, semi-transparently.

    The image is shown in light grey, so that all hue comes from the map and bright colours stay
    bright over black.

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
    grey = Image.fromarray(np.ascontiguousarray(as_rgb(image))).convert("L")
    colors = Image.fromarray(paint(values, scale)).resize(grey.size, Image.Resampling.NEAREST)
    under = _DARKEST + (255 - _DARKEST) / 255 * np.asarray(grey, np.float64)[..., None]
    return np.round((1 - OPACITY) * under + OPACITY * np.asarray(colors)).astype(np.uint8)


def bar_ticks(ends, room=0.15):
    """Returns what to write beside a colour bar.

    Args:
        ends: Smallest and largest value from `shared_scale`, or only one.
        room: Share of the bar that a text takes.

    Returns:
        Dictionary from value to text: the ends, with as many digits as tell them apart, and zero
        between them where it is not too near to one.

    Example:
        >>> bar_ticks([-0.2, 0.8])
        {-0.2: '-0.2', 0.0: '0', 0.8: '0.8'}
        >>> bar_ticks([0.9998, 1.0])
        {0.9998: '0.9998', 1.0: '1'}
    """
    low, high = ends[0], ends[-1]
    span = high - low
    digits = 3
    if span:
        digits = max(3, 2 + math.ceil(math.log10(max(abs(low), abs(high)) / span)))
    near = room * span
    inner = [0.0] if low + near < 0 < high - near else []
    return {value: f"{value:.{digits}g}" for value in [low, *inner, *ends[1:]]}

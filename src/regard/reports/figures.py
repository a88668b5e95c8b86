"""Figures of images and attention maps, and writing any figure to a file.

The figures are plain `matplotlib.figure.Figure`s: no window opens and no state is global.
"""

import math
from pathlib import Path

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from regard.errors import DataError
from regard.files import whole_file
from regard.reports.pictures import COLORMAP, as_rgb, is_flat, overlay, shared_scale


def image_grid(images, titles, columns=5):
    """Draws images in a grid, each with its title.

    Args:
        images: Images `(rows, columns)` or `(rows, columns, 3)`, uint8, at least one.
        titles: A title for each.
        columns: Number of images in a row.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        DataError: If there is no image.

    Example:
        >>> len(image_grid(np.zeros((7, 8, 8), np.uint8), list("abcdefg")).axes)
        10
    """
    figure, cells = _cells(len(images), columns, width=1.6, height=1.8)
    titled = zip(images, titles, strict=True)
    for cell, (image, title) in zip(cells, titled, strict=False):
        _show(cell, as_rgb(image), title)
    return figure


def overlays(images, maps, titles, label="attention received"):
    """Draws each image, and beside it the image with its map laid over it.

    All maps share one colour bar, whose ends are the smallest and the largest value of all. A
    map that does not vary is drawn in one colour, and its title says "uniform".

    Args:
        images: Images `(rows, columns)` or `(rows, columns, 3)`, uint8, at least one.
        maps: A map `(rows, columns)` for each image, finite.
        titles: A title for each image.
        label: What the values of the maps are, beside the colour bar.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        DataError: If there is no image, or a map holds values that are not finite.

    Example:
        >>> figure = overlays(np.zeros((1, 8, 8), np.uint8), np.ones((1, 4, 4)), ["boot"])
        >>> figure.axes[1].get_title()
        'uniform'
    """
    figure, cells = _cells(2 * len(images), columns=min(2 * len(images), 8), width=1.6, height=1.8)
    scale, ticks = shared_scale(maps)
    for index, (image, values, title) in enumerate(zip(images, maps, titles, strict=True)):
        _show(cells[2 * index], as_rgb(image), title)
        flat = "uniform" if is_flat(values) else ""
        _show(cells[2 * index + 1], overlay(image, values, scale), flat)
    colors = ScalarMappable(scale, COLORMAP)
    bar = figure.colorbar(colors, ax=cells, label=label, shrink=0.8, ticks=ticks)
    bar.ax.set_yticklabels([f"{tick:.3g}" for tick in ticks])
    return figure


def save(figure, path):
    """Writes a figure whole or not at all.

    Args:
        figure: A `matplotlib.figure.Figure`.
        path: File to write, such as `maps.png` or `maps.svg`; a file already there is replaced.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     save(Figure(), Path(folder, "empty.svg"))
        ...     [path.name for path in Path(folder).iterdir()]
        ['empty.svg']
    """
    with whole_file(Path(path)) as temporary:
        figure.savefig(temporary, dpi=150)


def _cells(count, columns, width, height):
    if not count:
        raise DataError("There is no image to draw.")
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    cells = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for cell in cells:
        cell.set_axis_off()
    return figure, cells


def _show(cell, picture, title):
    cell.imshow(picture, interpolation="nearest")
    cell.set_title(title, fontsize=9, parse_math=False)

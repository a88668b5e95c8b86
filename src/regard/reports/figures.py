"""Figures of images and maps, and writing any figure to a file.

The figures are plain `matplotlib.figure.Figure`s: no window opens and no state is global.
"""

from pathlib import Path

import numpy as np

from regard.errors import DataError
from regard.files import whole_file
from regard.reports.cells import bar_below, bar_beside, new_cells, show, show_map
from regard.reports.pictures import as_rgb, shared_scale


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
    figure, cells = new_cells(len(images), columns, images)
    titled = zip(images, titles, strict=True)
    for cell, (image, title) in zip(np.ravel(cells), titled, strict=False):
        show(cell, as_rgb(image), title)
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
    figure, cells = new_cells(2 * len(images), min(2 * len(images), 8), images, bar_width=1)
    scale, ends = shared_scale(maps)
    pairs = np.ravel(cells)[: 2 * len(images)].reshape(-1, 2)
    for (left, right), image, values, title in zip(pairs, images, maps, titles, strict=True):
        show(left, as_rgb(image), title)
        show_map(right, image, values, scale)
    bar_beside(figure, cells, scale, ends, label)
    return figure


def map_grid(images, maps, titles):
    r"""Draws a row for each image and a column for each layer or method.

    Each column has a colour bar of its own, for methods differ in their units.

    Args:
        images: Images `(rows, columns)` or `(rows, columns, 3)`, uint8, at least one.
        maps: Dictionary from a layer's or a method's name to its maps, one `(rows, columns)` for
            each image, finite.
        titles: A title for each image.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        DataError: If there is no image or no column, if a column has not one map for each
            image, or if a map holds values that are not finite.

    Example:
        >>> maps = {"gradient": np.ones((2, 8, 8)), "occlusion": np.ones((2, 4, 4))}
        >>> figure = map_grid(np.zeros((2, 8, 8), np.uint8), maps, ["boot", "shirt"])
        >>> figure.axes[2].get_title(), figure.axes[3].get_title()
        ('occlusion\nuniform', 'shirt')
    """
    for name, column in maps.items():
        if len(column) != len(images):
            raise DataError(f"{name} has {len(column)} maps for {len(images)} images.")
    if not maps:
        raise DataError("There is no map to draw.")
    figure, cells = new_cells(len(images) * (1 + len(maps)), 1 + len(maps), images, bar_height=0.4)
    for cell, image, title in zip(cells[:, 0], images, titles, strict=True):
        show(cell, as_rgb(image), title)
    for column, (name, values) in zip(cells.T[1:], maps.items(), strict=True):
        scale, ends = shared_scale(values)
        names = [name] + [""] * (len(images) - 1)
        for each in zip(column, images, values, strict=True):
            show_map(*each, scale, names.pop(0))
        bar_below(figure, column, scale, ends)
    return figure


def head_grid(image, maps, names, label="attention"):
    r"""Draws an image, and beside it the map of each head, branch or group.

    Args:
        image: Image `(rows, columns)` or `(rows, columns, 3)`, uint8.
        maps: Maps `(rows, columns)`, one for each head, finite, at least one.
        names: A name for each head.
        label: What the values of the maps are, beside the colour bar.

    Returns:
        A `matplotlib.figure.Figure`; its maps share one colour bar.

    Raises:
        DataError: If there is no map, or one holds values that are not finite.

    Example:
        >>> figure = head_grid(np.zeros((8, 8), np.uint8), np.ones((2, 4, 4)), ["left", "right"])
        >>> [axes.get_title() for axes in figure.axes[:3]]
        ['image', 'left\nuniform', 'right\nuniform']
    """
    scale, ends = shared_scale(maps)
    figure, cells = new_cells(1 + len(maps), min(1 + len(maps), 5), [image], bar_width=1)
    first, *others = np.ravel(cells)[: 1 + len(maps)]
    show(first, as_rgb(image), "image")
    for cell, values, name in zip(others, maps, names, strict=True):
        show_map(cell, image, values, scale, name)
    bar_beside(figure, cells, scale, ends, label)
    return figure


def save(figure, path):
    """Writes a figure whole or not at all.

    Args:
        figure: A `matplotlib.figure.Figure`.
        path: File to write, such as `maps.png`, `maps.svg` or `maps.pdf`; a file already there is
            replaced.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     save(image_grid(np.zeros((1, 8, 8), np.uint8), ["a"]), Path(folder, "a.svg"))
        ...     [path.name for path in Path(folder).iterdir()]
        ['a.svg']
    """
    with whole_file(Path(path)) as temporary:
        figure.savefig(temporary, dpi=150, bbox_inches="tight", pad_inches=0.05)

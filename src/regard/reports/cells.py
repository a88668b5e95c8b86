"""Cells of a figure: a picture in each, and the colour bar that several of them share."""

import math
import textwrap

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from regard.errors import DataError
from regard.reports.pictures import as_rgb, bar_ticks, colormap, is_flat, overlay

_WIDTH = 1.6
_LETTERS = 22
_LETTERS_PER_INCH = 11


def new_cells(count, columns, images, bar_width=0.0, bar_height=0.0):
    """Returns a figure with room for colour bars, in inches, and its cells `(rows, columns)`.

    There are `count` cells or more, in the proportions of the first image.
    """
    if not count:
        raise DataError("There is no image to draw.")
    rows = math.ceil(count / columns)
    height, width = as_rgb(images[0]).shape[:2]
    cell_height = _WIDTH * np.clip(height / width, 0.4, 2.5) + 0.4
    size = (_WIDTH * columns + bar_width, cell_height * rows + bar_height)
    figure = Figure(figsize=size, layout="compressed")
    cells = figure.subplots(rows, columns, squeeze=False)
    for cell in np.ravel(cells):
        cell.set_axis_off()
    return figure, cells


def show(cell, picture, title):
    """Shows a picture in a cell, each pixel as it is, below its title."""
    cell.imshow(picture, interpolation="nearest")
    cell.set_title(textwrap.fill(title, _LETTERS), fontsize=9, parse_math=False)


def show_map(cell, image, values, scale, name=""):
    """Shows a map over its image, below its name, and says so where the map is uniform."""
    flat = "uniform" if is_flat(values) else ""
    show(cell, overlay(image, values, scale), name)
    cell.set_title("\n".join(filter(None, [cell.get_title(), flat])), fontsize=9, parse_math=False)


def bar_beside(figure, cells, scale, ends, label):
    """Draws a colour bar to the right, from the smallest value to the largest."""
    drawn = figure.colorbar(
        _colors(scale, ends), ax=cells, aspect=max(10, 15 * len(cells)), pad=0.02
    )
    letters = int(_LETTERS_PER_INCH * figure.get_figheight())
    drawn.set_label(textwrap.fill(label, letters), fontsize=9, parse_math=False)
    ticks = bar_ticks(ends)
    drawn.set_ticks(list(ticks), labels=list(ticks.values()))
    drawn.ax.tick_params(labelsize=8)
    if len(ends) > 1:
        drawn.ax.set_ylim(*ends)


def bar_below(figure, cells, scale, ends):
    """Draws a colour bar below a column of cells, its end labels inside the column."""
    drawn = figure.colorbar(
        _colors(scale, ends), ax=cells, location="bottom", shrink=0.9, aspect=14
    )
    ticks = bar_ticks(ends, room=0.3)
    drawn.set_ticks(list(ticks), labels=list(ticks.values()))
    drawn.ax.tick_params(labelsize=8)
    if len(ends) > 1:
        drawn.ax.set_xlim(*ends)
        first, *_, last = drawn.ax.get_xticklabels()
        first.set_horizontalalignment("left")
        last.set_horizontalalignment("right")


def _colors(scale, ends):
    """The colours of a bar: one alone where all values are alike."""
    colors = colormap(scale)
    return ScalarMappable(scale, colors if len(ends) > 1 else ListedColormap(colors([0.5])))

"""A forest plot: differences with their intervals, names on the left, numbers on the right."""

import re
import textwrap

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from regard.reports.study.looks import verdict_color
from regard.reports.study.scale import fit_scale
from regard.reports.study.words import interval, points

_LETTERS = 40
_HALF = 0.38


def forest(rows, worth, limits):
    """Draws differences with their intervals, each below its name and its numbers.

    Args:
        rows: A name and a `Comparison` for each, at least one.
        worth: Difference that is worth having, a fraction; the band up to it is shaded.
        limits: Ends of the axis in points.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> from regard.studies.comparison import Comparison
        >>> one = Comparison("cbam", "none", 5, 0.01, (0.002, 0.018), None, *[0.01] * 4,
        ...                  0.9, (0.7, 1), 0.004, None, "helps")
        >>> forest([("over none", one)], 0.005, (-1, 2)).axes[0].texts[0].get_text()
        'over none'
    """
    names = [_lines(name) for name, _ in rows]
    places = np.cumsum([len(lines) + 1.0 for lines in names])
    figure = Figure(figsize=(4.6, 0.2 * places[-1] + 0.75), layout="constrained")
    axes = figure.subplots()
    for place, lines, (_, one) in zip(places, names, rows, strict=True):
        _words(axes, place, lines, one)
        _bar(axes, place, one, 100 * worth)
    fit_scale(axes, "x", limits)
    axes.set(xlim=limits, ylim=(places[-1] + 0.6, 0.1), yticks=[])
    axes.set_xlabel("difference in accuracy, points")
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure


def shared_limits(comparisons, worth):
    """Returns ends of an axis, in points, that hold all intervals, zero and the band of `worth`.

    Example:
        >>> [round(end, 2) for end in shared_limits([], 0.005)]
        [-0.55, 0.55]
    """
    ends = [end for one in comparisons for end in (*one.interval, one.difference)]
    ends = 100 * np.array([*filter(np.isfinite, ends), -worth, worth])
    low, high = float(ends.min()), float(ends.max())
    room = 0.05 * (high - low) or 0.05
    return low - room, high + room


def _lines(name):
    """A name in lines that leave room for the numbers, broken after commas where it can be."""
    return textwrap.wrap(re.sub(r",(?=\S)", ", ", name), _LETTERS, break_on_hyphens=False) or [""]


def _words(axes, place, lines, one):
    across = axes.get_yaxis_transform()
    style = {"transform": across, "fontsize": 9, "va": "center", "parse_math": False}
    top = place - 0.9 - 0.95 * (len(lines) - 1)
    for number, line in enumerate(lines):
        axes.text(0, top + 0.95 * number, line, ha="left", **style)
    axes.text(1, top, f"{points(one.difference)} {interval(one.interval)}", ha="right", **style)


def _bar(axes, place, one, worth):
    ink = matplotlib.rcParams["text.color"]
    track = (place - _HALF, place + _HALF)
    axes.fill_betweenx(track, -worth, worth, color=ink, alpha=0.12, linewidth=0)
    axes.vlines(0, *track, color=ink, linewidth=0.9, alpha=0.7)
    color = verdict_color(one.verdict)
    axes.plot([100 * end for end in one.interval], [place] * 2, color=color, linewidth=2.2)
    axes.plot(100 * one.difference, place, "o", color=color, markersize=6, clip_on=False)

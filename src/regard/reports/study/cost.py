"""What the designs cost beside what they gain."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from regard.reports.study.looks import LOOKS, calm, verdict_color
from regard.reports.study.many import SHOWN
from regard.reports.study.scale import fit_scale

_WIDE = 30


def cost_and_gain(costs, comparisons, label):
    """Draws the gain of each design over no attention above its cost, and what none beats.

    The steps join what no design beats in both: the cheapest, and whatever gains more for more.

    Args:
        costs: Of no attention first, then of each design.
        comparisons: A `Comparison` with no attention for each design, the largest gain first.
        label: What the cost is.

    Returns:
        A `matplotlib.figure.Figure`; designs have their number from 1, of many only the `numbered`.
    """
    figure = Figure(figsize=(4.6, 3.3), layout="constrained")
    axes = figure.subplots()
    ink = matplotlib.rcParams["text.color"]
    gains = np.array([0, *(100 * one.difference for one in comparisons)])
    axes.axhline(0, color=ink, linewidth=0.8, alpha=0.4)
    kept = unbeaten(costs, gains)
    axes.step(
        [costs[i] for i in kept],
        [gains[i] for i in kept],
        where="post",
        color=ink,
        linewidth=0.9,
        linestyle=":",
    )
    axes.plot(costs[0], 0, LOOKS["none"].mark, color=LOOKS["none"].color, markersize=7)
    for number, (cost, one) in enumerate(zip(costs[1:], comparisons, strict=True), start=1):
        _design(axes, cost, one, number if number in numbered(costs, gains) else "")
    fit_scale(axes, "y", gains)
    axes.set(xlabel=label, ylabel="gain in accuracy, points")
    if max(costs) > _WIDE * min(costs) > 0:
        axes.set_xscale("log")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.margins(x=0.12)
    calm(axes)
    return figure


def numbered(costs, gains):
    """Returns the numbers of the designs that the chart names: the first and the unbeaten.

    Example:
        >>> numbered([1, 2, 3, 4], [0.0, 0.9, 0.5, 0.2])
        {1, 2, 3}
    """
    first = range(1, min(SHOWN + 1, len(costs)))
    return {*first, *unbeaten(costs, gains)} - {0}


def unbeaten(costs, gains):
    """Returns the indices, cheapest first, of what nothing beats in cost without losing in gain.

    Example:
        >>> unbeaten([1, 2, 3, 4], [0.0, 0.5, 0.2, 0.9])
        [0, 1, 3]
    """
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -gains[i]))
    kept = []
    for index in order:
        if not kept or gains[index] > gains[kept[-1]]:
            kept.append(index)
    return kept


def _design(axes, cost, one, number):
    color = verdict_color(one.verdict)
    axes.plot([cost, cost], [100 * end for end in one.interval], color=color, linewidth=1.8)
    axes.plot(cost, 100 * one.difference, LOOKS["design"].mark, color=color, markersize=6)
    axes.annotate(
        f"{number}",
        (cost, 100 * one.difference),
        xytext=(6, 2),
        textcoords="offset points",
        fontsize=9,
        fontweight="bold",
    )

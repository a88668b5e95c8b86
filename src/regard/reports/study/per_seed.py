"""The accuracy of each seed in each arm of a design's family, joined by seed."""

import numpy as np
from matplotlib.figure import Figure

from regard.reports.study.arms import scores_of
from regard.reports.study.looks import LOOKS, OPEN, calm

_SPREAD = 0.1


def per_seed(results, arms):
    """Draws a dot for each seed and arm, a line for each seed and a bar for each mean.

    Args:
        results: A `regard.studies.results.Results`.
        arms: The arms, such as a design's family.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    figure = Figure(figsize=(4.6, 3.3), layout="constrained")
    axes = figure.subplots()
    seeds = results.study.seeds
    offsets = np.linspace(-_SPREAD, _SPREAD, len(seeds))
    accuracies = np.array([_accuracies(results, arm) for arm in arms])
    places = np.arange(len(arms))
    for values, offset in zip(accuracies.T, offsets, strict=True):
        axes.plot(places + offset, values, color=OPEN, linewidth=0.7, alpha=0.5)
    for place, values, arm in zip(places, accuracies, arms, strict=True):
        look = LOOKS[arm.role]
        axes.plot(place + offsets, values, look.mark, color=look.color, markersize=4)
        known = values[np.isfinite(values)]
        if len(known):
            axes.hlines(known.mean(), place - 0.28, place + 0.28, color=look.color, linewidth=2)
    axes.set(ylabel="test accuracy, %", xlim=(-0.5, len(arms) - 0.5))
    axes.set_xticks(places, [LOOKS[arm.role].name for arm in arms], fontsize=8)
    calm(axes)
    axes.grid(visible=False, axis="x")
    return figure


def _accuracies(results, arm):
    """Of each of the study's seeds, in percent; nan where there is none."""
    known = scores_of(results, arm)
    return [100 * known[s].accuracy if s in known else np.nan for s in results.study.seeds]

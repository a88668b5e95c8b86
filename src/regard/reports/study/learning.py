"""Learning curves of the arms: the mean over the seeds, and the range of all seeds."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from regard.reports.study.arms import scores_of
from regard.reports.study.looks import LOOKS, calm

_UNITS = {"val_accuracy": (100, "validation accuracy, %"), "val_loss": (1, "validation loss")}


def learning(results, arms, key):
    """Draws by epoch the mean over the seeds, in a band from the least to the greatest.

    Args:
        results: A `regard.studies.results.Results`.
        arms: The arms to draw.
        key: `"val_accuracy"` or `"val_loss"`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    scale, label = _UNITS[key]
    figure = Figure(figsize=(4.6, 3.3), layout="constrained")
    axes = figure.subplots()
    for number, arm in enumerate(arms):
        epochs, values = by_epoch([s.curve for s in scores_of(results, arm).values()], key)
        if len(epochs) > 1:
            _line(axes, epochs, scale * values, LOOKS[arm.role])
        elif len(epochs):
            _dot(
                axes, epochs + 0.1 * (number - (len(arms) - 1) / 2), scale * values, LOOKS[arm.role]
            )
    axes.set(xlabel="epoch", ylabel=label)
    axes.set_xmargin(0.03 if results.study.recipe.epochs > 1 else 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    calm(axes)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(
            frameon=False,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=3,
            columnspacing=1,
            fontsize=8,
        )
    return figure


def by_epoch(curves, key):
    """Returns the epochs, and for each the mean, the least and the greatest over the curves.

    Args:
        curves: For each seed a dict for each epoch.
        key: What to take; epochs without it are left out.

    Example:
        >>> epochs, values = by_epoch([[{"epoch": 1, "x": 2}], [{"epoch": 1, "x": 4}]], "x")
        >>> epochs.tolist(), values.tolist()
        ([1], [[3.0], [2.0], [4.0]])
    """
    found = {}
    for entry in (entry for curve in curves for entry in curve):
        if np.isfinite(entry.get(key, np.nan)):
            found.setdefault(entry["epoch"], []).append(entry[key])
    epochs = sorted(found)
    values = [[kind(found[epoch]) for epoch in epochs] for kind in (np.mean, np.min, np.max)]
    return np.array(epochs), np.array(values)


def _line(axes, epochs, values, look):
    mean, low, high = values
    axes.fill_between(epochs, low, high, color=look.color, alpha=0.14, linewidth=0)
    name, every = look.name.replace("\n", " "), max(1, len(epochs) // 8)
    style = {"color": look.color, "markersize": 3, "markevery": every, "label": name}
    axes.plot(epochs, mean, look.mark, ls="-", **style)


def _dot(axes, place, values, look):
    mean, low, high = values
    name = look.name.replace("\n", " ")
    ends = [mean - low, high - mean]
    axes.errorbar(place, mean, ends, fmt=look.mark, color=look.color, markersize=4, label=name)

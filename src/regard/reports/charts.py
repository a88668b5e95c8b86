"""Charts of a training's curves and of a classifier's calibration.

Lines that are not data take `matplotlib.rcParams["text.color"]`, so that a theme can set them.
"""

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

TRAINING, VALIDATION = "#4c8dd6", "#e07b39"


def curves(history, best_epoch=None, metrics=("loss", "accuracy")):
    """Draws training and validation curves, one panel a metric.

    Args:
        history: A dict for each epoch with `epoch`, `loss`, `accuracy`, `val_loss` and
            `val_accuracy`; a key that no epoch has is not drawn.
        best_epoch: The epoch that was kept, marked by a line.
        metrics: Names of the metrics to draw.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> history = [{"epoch": 1, "loss": 0.5, "val_loss": 0.6}]
        >>> curves(history, metrics=["loss"]).axes[0].get_ylabel()
        'loss'
    """
    figure = Figure(figsize=(4.6 * len(metrics), 3.2), layout="constrained")
    for axes, metric in zip(np.ravel(figure.subplots(1, len(metrics))), metrics, strict=True):
        _curve(axes, history, metric, "training", TRAINING)
        _curve(axes, history, f"val_{metric}", "validation", VALIDATION)
        if best_epoch is not None:
            ink = matplotlib.rcParams["text.color"]
            axes.axvline(best_epoch, color=ink, linestyle=":", label=f"epoch kept: {best_epoch}")
        axes.set(xlabel="epoch", ylabel=metric)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.legend(
            frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, columnspacing=1
        )
        _calm(axes)
    return figure


def reliability_diagram(reliability):
    """Draws accuracy against confidence; on the diagonal they agree.

    Args:
        reliability: A `regard.evaluation.Reliability`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> from regard.evaluation import reliability
        >>> reliability_diagram(reliability([[0.9, 0.1]], [0])).axes[0].get_xlabel()
        'confidence'
    """
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    used, edges = reliability.count > 0, reliability.edges
    axes.bar(
        edges[:-1][used],
        reliability.accuracy[used],
        np.diff(edges)[used],
        align="edge",
        color=TRAINING,
        alpha=0.75,
        label="accuracy in the bin",
    )
    points = (reliability.confidence[used], reliability.accuracy[used])
    axes.plot(*points, "o", color=VALIDATION, markersize=4, label="at its mean confidence")
    axes.plot([0, 1], [0, 1], color=matplotlib.rcParams["text.color"], linestyle=":", linewidth=1)
    axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    _calm(axes)
    return figure


def _curve(axes, history, key, label, color):
    points = [(entry["epoch"], entry[key]) for entry in history if key in entry]
    if points:
        axes.plot(*zip(*points, strict=True), "o-", color=color, markersize=3, label=label)


def _calm(axes):
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.2)

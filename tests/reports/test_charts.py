import numpy as np

from regard.evaluation import reliability
from regard.reports import curves, reliability_diagram

HISTORY = [
    {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7},
    {"epoch": 2, "loss": 0.4, "accuracy": 0.9, "val_loss": 0.7, "val_accuracy": 0.6},
]


def test_curves_mark_the_epoch_kept():
    loss, accuracy = curves(HISTORY, best_epoch=1).axes
    assert [line.get_label() for line in loss.lines] == ["training", "validation", "epoch kept: 1"]
    assert list(accuracy.lines[1].get_ydata()) == [0.7, 0.6]


def test_curves_without_validation():
    (loss,) = curves([{"epoch": 1, "loss": 0.5}], metrics=["loss"]).axes
    assert [line.get_label() for line in loss.lines] == ["training"]


def test_reliability_diagram_draws_used_bins_only():
    figure = reliability_diagram(reliability(np.array([[0.9, 0.1], [0.6, 0.4]]), [0, 1]))
    assert len(figure.axes[0].patches) == 2
    figure.canvas.draw()

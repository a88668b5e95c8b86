import keras
import numpy as np
import pytest

from regard.cli.progress import ProgressBar
from regard.training.loop import fit


def test_the_bar_reaches_its_end_and_each_epoch_has_a_line(capsys):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = np.ones((10, 3)), np.zeros(10)
    bar = ProgressBar()
    fit(model, x, y, 4, epochs=2, verbose=0, callbacks=[bar], validation_data=(x, y))
    task = bar.bar.tasks[0]
    bar.close()
    assert (task.completed, task.total) == (6, 6)
    lines = [line for line in capsys.readouterr().err.splitlines() if line]
    assert [line.split()[:2] for line in lines] == [["epoch", "1/2"], ["epoch", "2/2"]]
    accuracy = float(lines[-1].split()[-1])
    assert accuracy == pytest.approx(model.evaluate(x, y, verbose=0)[1], abs=1e-4)

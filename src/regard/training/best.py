"""Keeps what each epoch of a run measured, and the weights of the best one."""

import time
from pathlib import Path

import keras
import numpy as np

from regard.training.checkpoint import load_weights, write_arrays
from regard.training.run import write_metrics


class KeepBest(keras.callbacks.Callback):
    """Writes each epoch to `metrics.csv` and keeps the weights of the best one.

    Best is the highest validation accuracy, and at equal accuracy the lowest validation loss.

    Args:
        network: The model whose weights are kept; the one that is trained may hold it.
        folder: The run folder.
    """

    def __init__(self, network: keras.Model, folder: Path):
        super().__init__()
        self.network = network
        self.folder = folder
        self.file = folder / "checkpoints" / "best.safetensors"
        self.rows = []
        self.row = None
        self.weights = None
        self._started = None
        self._spent = 0.0

    @property
    def epochs(self):
        """How many epochs have ended."""
        return len(self.rows)

    @property
    def best_epoch(self):
        """The best epoch so far, counted from 1; 0 before the first has ended."""
        return self.row["epoch"] if self.row else 0

    def on_train_begin(self, logs=None):
        write_metrics(self.folder, self.rows)

    def on_epoch_begin(self, epoch, logs=None):
        self._started = time.perf_counter() - self._spent
        self._spent = 0.0

    def on_epoch_end(self, epoch, logs=None):
        row = {name: float(value) for name, value in logs.items()} | {"epoch": epoch + 1}
        self.rows.append(row | {"seconds": round(self._seconds(), 3)})
        write_metrics(self.folder, self.rows)
        self._started = None
        if self.row is None or _score(row) > _score(self.row):
            self.row = row
            variables = self.network.variables
            self.weights = [np.array(keras.ops.convert_to_numpy(v)) for v in variables]
            self._save()

    def restore(self):
        """Puts the best epoch's weights into the network, if any epoch was finished."""
        if self.row is not None:
            load_weights(self.network, self.file)

    def get_state(self):
        """Returns what a training that goes on needs, as plain values and arrays."""
        state = {"rows": self.rows, "row": self.row, "weights": self.weights}
        return state | {"spent": self._seconds()}

    def set_state(self, state):
        """Goes on from such a state: `metrics.csv` and the best weights become those of then."""
        self.rows, self.row, self.weights = state["rows"], state["row"], state["weights"]
        self._spent = state["spent"]
        write_metrics(self.folder, self.rows)
        if self.row is not None:
            self._save()

    def _save(self):
        paths = [variable.path for variable in self.network.variables]
        write_arrays(self.file, dict(zip(paths, self.weights, strict=True)), self.row)

    def _seconds(self):
        """Seconds that the epoch has taken so far; 0 between two epochs."""
        return 0.0 if self._started is None else time.perf_counter() - self._started


def _score(row):
    return row["val_accuracy"], -row["val_loss"]

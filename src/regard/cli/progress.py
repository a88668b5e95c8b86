"""A progress bar with the time left, and one line an epoch."""

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class ProgressBar(keras.callbacks.Callback):
    """Shows a training on stderr; without a terminal only the line of each epoch."""

    every_batch = False

    def on_train_begin(self, logs=None):
        epochs, steps = self.params["epochs"], self.params["steps"]
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self.task = self.bar.add_task("training", total=epochs * steps)
        self.bar.start()

    def on_epoch_begin(self, epoch, logs=None):
        self.before = epoch * self.params["steps"]

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(self.task, completed=self.before + batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        self.bar.console.print(
            f"epoch {epoch + 1}/{self.params['epochs']}  "
            f"loss {logs['loss']:.4f}  accuracy {logs['accuracy']:.4f}  "
            f"validation loss {logs['val_loss']:.4f}  accuracy {logs['val_accuracy']:.4f}",
            highlight=False,
            soft_wrap=True,
        )

    def close(self):
        """Takes the bar away, after an interruption too."""
        if hasattr(self, "bar"):
            self.bar.stop()

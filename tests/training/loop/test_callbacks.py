import csv

import keras
import numpy as np
import pytest

from regard.training.loop import fit


class Watch(keras.callbacks.Callback):
    """Notes which hooks are called with what."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        first = self.model.get_weights()[0]
        self.seen.append((batch, logs, first.copy()))

    def on_test_batch_end(self, batch, logs=None):
        self.seen.append(("test", batch, sorted(logs)))


def test_a_batch_hook_is_called_at_every_step_with_the_same_logs(network, pictures):
    seen = []
    for train in (keras.Model.fit, fit):
        watch = Watch()
        settings = {"shuffle": False, "verbose": 0, "callbacks": [watch], "batch_size": 32}
        train(network(), *pictures, validation_data=pictures, **settings)
        seen.append(watch.seen)
    theirs, ours = seen
    assert [batch for batch, *_ in ours] == [0, 1, 2, "test", "test", "test"]
    for mine, other in zip(ours[:3], theirs[:3], strict=True):
        assert mine[1] == pytest.approx(other[1], abs=1e-5)
        np.testing.assert_allclose(mine[2], other[2], atol=1e-5)
    assert ours[3:] == theirs[3:]


def test_a_callback_may_be_content_with_some_batches(network, pictures):
    class Bar(keras.callbacks.Callback):
        every_batch = False
        ends = ()

        def on_train_batch_end(self, batch, logs=None):
            self.ends += (batch,)

    bar, many = Bar(), [np.concatenate([part] * 4) for part in pictures]
    fit(network(), *many, batch_size=1, epochs=2, verbose=0, callbacks=[bar])
    last = len(many[0]) - 1
    assert bar.ends.count(last) == 2
    assert len(bar.ends) < last


def test_early_stopping_restores_the_best_weights(assert_equals_keras, network, pictures):
    def build():
        model = network()
        model.optimizer.learning_rate = 0.5  # too much: the loss rises soon
        return model

    stopping = keras.callbacks.EarlyStopping
    history = assert_equals_keras(
        build,
        *pictures,
        epochs=20,
        validation_split=0.3,
        tolerance=1e-3,
        callbacks=lambda: [stopping(patience=1, restore_best_weights=True)],
    )
    assert len(history.epoch) < 20
    best = min(history.history["val_loss"])
    assert best < history.history["val_loss"][-1]
    x, y = (part[49:] for part in pictures)
    found = history.model.evaluate(x, y, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(best, rel=1e-4)


def test_schedules_change_the_learning_rate(assert_equals_keras, network, pictures):
    def callbacks():
        return [
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / (1 + epoch)),
            keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=9),
        ]

    history = assert_equals_keras(network, *pictures, epochs=4, callbacks=callbacks)
    assert history.history["learning_rate"] == sorted(history.history["learning_rate"])[::-1]


def test_files_of_callbacks(network, pictures, tmp_path):
    model = network()
    callbacks = [
        keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
        keras.callbacks.ModelCheckpoint(
            str(tmp_path / "{epoch}.weights.h5"), save_weights_only=True
        ),
    ]
    history = fit(model, *pictures, epochs=2, verbose=0, callbacks=callbacks)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == history.history["loss"]
    kept = network()
    kept.optimizer.build(kept.trainable_variables)
    kept.load_weights(tmp_path / "2.weights.h5")
    for mine, other in zip(kept.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_not_a_number_stops_within_the_epoch(network, pictures):
    x = np.where(np.arange(70)[:, None, None, None] == 40, np.nan, pictures[0])
    watch = Watch()
    fit(
        network(),
        x,
        pictures[1],
        batch_size=10,
        epochs=3,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.TerminateOnNaN(), watch],
    )
    assert [batch for batch, *_ in watch.seen] == [0, 1, 2, 3, 4]


def test_progress_is_printed(network, pictures, capsys):
    fit(network(), *pictures, verbose=2)
    assert "accuracy" in capsys.readouterr().out

"""A run that was interrupted goes on as if it had not been."""

import errno
import json
import os
import shutil
import signal
from functools import partial
from pathlib import Path

import keras
import pytest

import regard
from regard.errors import DataError, RegardError, UsageError
from regard.files import alone_in
from regard.training import (
    Checkpoints,
    Recipe,
    Stopped,
    checkpoints,
    resume_run,
    train_run,
    training,
)
from regard.training.run import read_config, read_metrics

pytestmark = pytest.mark.usefixtures("eager")
SLOWLY = partial(pytest.param, marks=pytest.mark.slow)
RECIPE = Recipe(
    dataset="fashion-mnist-sample",
    network="resnet20",
    epochs=3,
    batch_size=30,
    shift=1,
    weight_decay=0.01,
)


class Ask(keras.callbacks.Callback):
    """Asks the training to stop at a step, counted over all epochs."""

    def __init__(self, at):
        super().__init__()
        self.left = at

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGTERM)


def left(folder):
    """All that must be equal: weights kept, measurements but for the seconds, the best weights."""
    model = keras.models.load_model(folder / "model.keras")
    values = [keras.ops.convert_to_numpy(v).tobytes() for v in regard.load(folder).variables]
    values += [keras.ops.convert_to_numpy(v).tobytes() for v in model.variables]
    values += [keras.ops.convert_to_numpy(v).tobytes() for v in model.optimizer.variables]
    rows = [{**row, "seconds": None} for row in read_metrics(folder)]
    return values, rows, (folder / "checkpoints" / "best.safetensors").read_bytes()


@pytest.fixture(scope="module")
def whole(eager, small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return left(train_run(RECIPE, small, folder, "run", [Ask(10**9)]).folder)


@pytest.fixture
def stopped(eager, small, tmp_path):
    """A function that gives the folder of a run that was stopped at a step."""

    def stop(at=4, recipe=RECIPE):
        with pytest.raises(Stopped, match=r"regard train --resume .*run"):
            train_run(recipe, small, tmp_path, "run", [Ask(at)])
        return tmp_path / "run"

    return stop


@pytest.mark.parametrize("at", [SLOWLY(1), 4, SLOWLY(8)])
def test_goes_on_to_the_same_run(whole, stopped, small, at):
    trained = resume_run(stopped(at), RECIPE, small)
    values, rows, _ = left(trained.folder)
    assert values == whole[0]
    assert rows == whole[1]
    assert (
        trained.best_epoch == max(rows, key=lambda r: (r["val_accuracy"], -r["val_loss"]))["epoch"]
    )


def test_goes_on_after_each_of_many_stops(whole, stopped, small):
    folder = stopped(2)
    for at in (1, 1, 2):
        with pytest.raises(Stopped):
            resume_run(folder, RECIPE, small, [Ask(at)])
    assert left(resume_run(folder, RECIPE, small).folder)[:2] == whole[:2]


def test_what_a_kill_left_half_written_is_taken_away(stopped, small):
    folder = stopped(4)
    for name in (".123-model.keras", ".9-config.toml", "mine.txt"):
        (folder / name).touch()
    resume_run(folder, RECIPE, small)
    assert [file.name for file in folder.glob(".*")] == []
    assert (folder / "mine.txt").exists()


def test_a_row_that_was_cut_off_is_written_anew(whole, stopped, small):
    folder = stopped(4)
    with (folder / "metrics.csv").open("a") as stream:
        stream.write("2,0.1,")
    assert left(resume_run(folder, RECIPE, small).folder)[1] == whole[1]


def test_a_run_that_was_killed_before_its_first_state_begins_anew(whole, stopped, small):
    folder = stopped(7)
    for file in [
        *(folder / "checkpoints").glob("steps-*"),
        folder / "model.keras",
        folder / "model.json",
    ]:
        file.unlink()
    assert left(resume_run(folder, RECIPE, small).folder) == whole


def test_a_run_that_another_process_trains_is_left_alone(stopped, small):
    folder = stopped(4)
    (folder / ".123-model.keras").touch()
    with alone_in(folder, "run"), pytest.raises(UsageError, match="Another process works on the"):
        resume_run(folder, RECIPE, small)
    assert (folder / ".123-model.keras").exists()


def test_a_network_without_any_state_is_left_alone(stopped, small):
    folder = stopped(7)
    for file in (folder / "checkpoints").glob("steps-*"):
        file.unlink()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="no states to go on from"):
        resume_run(folder, RECIPE, small, force=True)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_changed_is_said_and_refused_without_force(stopped, small):
    folder, lines = stopped(4), []
    other = RECIPE.model_copy(update={"learning_rate": 0.5})
    with pytest.raises(UsageError, match=r"learning_rate was 0.001 and is 0.5.*--force"):
        resume_run(folder, other, small)
    assert Recipe(**read_config(folder)["recipe"]) == RECIPE
    trained = resume_run(folder, other, small, say=lines.append, force=True)
    assert "learning_rate was 0.001 and is 0.5." in lines
    assert float(trained.model.optimizer.learning_rate) == 0.5
    assert Recipe(**read_config(folder)["recipe"]) == other


@pytest.mark.parametrize(
    "change",
    [
        {"network": "resnet9"},
        SLOWLY({"batch_size": 20}),
        SLOWLY({"shift": 0}),
        SLOWLY({"seed": 1}),
        {"loop": "keras"},
    ],
)
def test_what_the_state_means_nothing_without_is_refused_even_by_force(stopped, small, change):
    folder = stopped(4)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=rf"{next(iter(change))} was .* cannot be .* new run"):
        resume_run(folder, RECIPE.model_copy(update=change), small, force=True)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


class StopAtOnce(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        raise KeyboardInterrupt


def test_a_stop_before_the_first_step_leaves_the_network_of_before(stopped, whole, small):
    folder = stopped(4)
    before = (folder / "model.json").read_bytes()
    with pytest.raises(Stopped):
        resume_run(folder, RECIPE, small, [StopAtOnce()])
    assert (folder / "model.json").read_bytes() == before
    assert left(resume_run(folder, RECIPE, small).folder) == whole


def test_a_run_that_was_stopped_before_its_first_step_begins(whole, small, tmp_path):
    with pytest.raises(Stopped):
        train_run(RECIPE, small, tmp_path, "run", [StopAtOnce()])
    assert left(resume_run(tmp_path / "run", RECIPE, small).folder) == whole


def test_another_version_is_refused(stopped, small):
    folder = stopped(4)
    file = folder / "environment.json"
    environment = json.loads(file.read_text())
    environment["packages"]["keras"] = "3.0.0"
    file.write_text(json.dumps(environment))
    with pytest.raises(UsageError, match=r"keras was 3\.0\.0 and is .*--force"):
        resume_run(folder, RECIPE, small)


def test_the_best_weights_outlive_a_bad_end(stopped, small):
    """The best so far, and the counts of the epochs, are those of before (B21)."""
    folder = stopped(4)
    best = max(read_metrics(folder), key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    spoiled = RECIPE.model_copy(update={"learning_rate": 1.0, "epochs": 5})
    trained = resume_run(folder, spoiled, small, force=True)
    rows = read_metrics(folder)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5]
    assert max(rows, key=lambda row: (row["val_accuracy"], -row["val_loss"])) == {
        **rows[trained.best_epoch - 1]
    }
    assert rows[0] == best or trained.best_epoch > 1


def test_a_run_by_keras_has_nothing_to_go_on_from(small, tmp_path):
    recipe = RECIPE.model_copy(update={"loop": "keras", "epochs": 1, "network": "tutorial"})
    folder = train_run(recipe, small, tmp_path, "run").folder
    with pytest.raises(UsageError, match="--loop keras, which keeps no checkpoints"):
        resume_run(folder, recipe, small)


def test_a_folder_that_is_no_run(small, tmp_path):
    with pytest.raises(DataError, match="no run folder"):
        resume_run(tmp_path, RECIPE, small)


class Failing:
    """Lets the n-th of all writing calls fail, once."""

    def __init__(self, monkeypatch, number, code):
        self.left, self.code = number, code
        for owner, name in WRITES:
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, function):
        def call(*arguments, **options):
            self.left -= 1
            if self.left == -1:
                raise OSError(self.code, os.strerror(self.code))
            return function(*arguments, **options)

        return call


WRITES = ((os, "fsync"), (Path, "replace"), (Path, "write_bytes"), (Path, "write_text"))


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_write_that_fails_anywhere_leaves_a_run_that_goes_on_to_the_same(
    small, tmp_path, monkeypatch, code
):
    """Every single write of a training fails once; prints how many there are."""
    recipe = RECIPE.model_copy(update={"network": "tutorial", "epochs": 1, "batch_size": 45})
    monkeypatch.setattr(training, "Checkpoints", partial(Checkpoints, between=0.0))
    monkeypatch.setattr(checkpoints, "SHARE", 0)
    expected = left(train_run(recipe, small, tmp_path, "whole").folder)[:2]
    number, ended = 0, 0
    while True:
        folder = tmp_path / str(number)
        with monkeypatch.context() as patch:
            failing = Failing(patch, number, code)
            try:
                train_run(recipe, small, tmp_path, str(number))
            except (RegardError, OSError):
                ended += 1
        if failing.left >= 0:
            break
        if not (folder / "environment.json").exists():
            shutil.rmtree(folder)
            train_run(recipe, small, tmp_path, str(number))
        else:
            resume_run(folder, recipe, small)
        assert left(folder)[:2] == expected, f"write {number} failed"
        shutil.rmtree(folder)
        number += 1
    print(f"{number} writes failed, one a training; {ended} trainings ended by it, all went on")
    assert number > 30

"""A training that was interrupted goes on to the same bits."""

import errno
import os
import pathlib
import signal
from functools import partial

import keras
import numpy as np
import pytest

from regard.errors import DataError, UsageError
from regard.training import Checkpoints
from regard.training.augmentation import shifted
from regard.training.loop import fit, order
from regard.training.loop.state import variables

SLOWLY = partial(pytest.param, marks=pytest.mark.slow)
EPOCHS = 4
SETTINGS = {"batch_size": 8, "epochs": EPOCHS, "verbose": 0, "seed": 5, "validation_split": 0.25}


def build(seed):
    """A network with everything that has a state: dropout, batch norm, augmentation."""
    keras.utils.set_random_seed(seed)
    layers = [
        keras.layers.Conv2D(4, 3),
        keras.layers.BatchNormalization(),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(10, "softmax"),
    ]
    model = shifted(keras.Sequential([keras.Input((7, 7, 1)), *layers]), 1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def callbacks():
    plateau = keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=10.0)
    stopping = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    return [plateau, stopping]


class Interrupt(keras.callbacks.Callback):
    """Raises at a step, counted over all epochs."""

    def __init__(self, at, how):
        super().__init__()
        self.left, self.how = at, how

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            self.how()


def fail():
    raise RuntimeError("power cut")


def state(model):
    values = [np.asarray(keras.ops.convert_to_numpy(v.value)) for v in variables(model)]
    return [(value.dtype, value.shape, value.tobytes()) for value in values]


@pytest.fixture(scope="module")
def data(pictures):
    x, y = pictures
    return x.astype("float32") / 255, y


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The training that was never interrupted: its last state and its history."""
    model = build(0)
    steps = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    history = fit(model, *data, callbacks=[*callbacks(), steps], **SETTINGS)
    return state(model), history.history


def interrupted(data, folder, at, how=fail, error=RuntimeError, between=0.0):
    checkpoints = Checkpoints(folder, between=between, say=[].append)
    with pytest.raises(error):
        fit(
            build(0),
            *data,
            callbacks=[*callbacks(), Interrupt(at, how)],
            checkpoints=checkpoints,
            **SETTINGS,
        )


def gone_on(data, folder, lines=None, seed=99):
    """Goes on in a model that begins with other weights."""
    model = build(seed)
    say = [].append if lines is None else lines.append
    steps = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    checkpoints = Checkpoints(folder, say=say)
    history = fit(
        model, *data, callbacks=[*callbacks(), steps], checkpoints=checkpoints, **SETTINGS
    )
    return state(model), history.history


@pytest.mark.parametrize("at", [SLOWLY(2), 7, SLOWLY(19)])
def test_goes_on_to_the_same_bits(data, whole, tmp_path, at):
    interrupted(data, tmp_path, at)
    assert gone_on(data, tmp_path) == whole


def test_goes_on_after_many_interruptions(data, whole, tmp_path):
    for at in (3, 5, 1, 8, 2):
        interrupted(data, tmp_path, at)
    assert gone_on(data, tmp_path) == whole


def test_a_finished_training_is_left_as_it_is(data, whole, tmp_path):
    assert gone_on(data, tmp_path, seed=0) == whole
    assert gone_on(data, tmp_path) == whole


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_between_two_steps_with_its_state_kept(data, whole, tmp_path, number):
    before = signal.getsignal(number)

    def ask():
        os.kill(os.getpid(), number)

    interrupted(data, tmp_path, 9, ask, KeyboardInterrupt, between=1000.0)
    assert signal.getsignal(number) is before
    assert [file.name for file in tmp_path.glob("*.json")] == ["steps-000000009.json"]
    assert gone_on(data, tmp_path) == whole


def stopped(data, folder, at):
    """Stops a training after a step, with its state kept."""

    def ask():
        os.kill(os.getpid(), signal.SIGTERM)

    interrupted(data, folder, at, ask, KeyboardInterrupt, between=1000.0)


@pytest.mark.parametrize("at", [27, 28])
def test_a_signal_in_the_last_epoch_is_heard(data, whole, tmp_path, at):
    stopped(data, tmp_path, at)
    assert gone_on(data, tmp_path) == whole


def test_an_epoch_that_goes_on_does_not_begin_twice(data, tmp_path):
    def falls():
        return keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)

    def train(folder, *others):
        model = build(0)
        checkpoints = Checkpoints(folder, between=0.0, say=[].append)
        fit(model, *data, callbacks=[falls(), *others], checkpoints=checkpoints, **SETTINGS)
        return state(model)

    with pytest.raises(RuntimeError):
        train(tmp_path / "cut", Interrupt(12, fail))
    expected = train(tmp_path / "whole", Interrupt(10**9, fail))
    assert train(tmp_path / "cut", Interrupt(10**9, fail)) == expected


class InterruptCalls(Interrupt):
    """Raises after a call of many steps."""

    every_batch = False


@pytest.mark.parametrize("at", [2, 5])
def test_steps_that_run_many_in_a_call_go_on_to_the_same_bits(data, tmp_path, monkeypatch, at):
    monkeypatch.setattr(order, "SHORT", 10.0)  # seconds, so that calls grow on a busy machine
    monkeypatch.setattr(order, "LONG", 20.0)

    def train(folder, calls):
        model = build(0)
        checkpoints = Checkpoints(folder, between=0.0, say=[].append)
        settings = SETTINGS | {"batch_size": 1}
        watch = InterruptCalls(calls, fail)
        fit(model, *data, callbacks=[watch], checkpoints=checkpoints, **settings)
        return state(model), 10**9 - watch.left

    expected, calls = train(tmp_path / "whole", 10**9)
    assert keras.config.backend() == "torch" or calls < EPOCHS * 52 / 2
    with pytest.raises(RuntimeError):
        train(tmp_path / "cut", at)
    assert train(tmp_path / "cut", 10**9)[0] == expected


def spoil(file):
    payload = bytearray(file.read_bytes())
    payload[len(payload) // 2] ^= 1
    file.write_bytes(payload)


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
@pytest.mark.parametrize(
    "damage", [spoil, SLOWLY(lambda file: file.write_bytes(b"")), SLOWLY(os.unlink)]
)
def test_a_damaged_state_is_named_and_the_one_before_is_taken(
    data, whole, tmp_path, suffix, damage
):
    for at in (4, 6):
        stopped(data, tmp_path, at)
    newest = max(tmp_path.glob("*.safetensors")).with_suffix(suffix)
    damage(newest)
    lines = []
    assert gone_on(data, tmp_path, lines) == whole
    is_no_state = suffix == ".json" and damage is os.unlink
    assert is_no_state or any(newest.stem in line and "one before it" in line for line in lines)


def test_if_all_states_are_damaged_nothing_is_changed(data, tmp_path):
    stopped(data, tmp_path, 4)
    stopped(data, tmp_path, 6)
    for file in tmp_path.glob("*.safetensors"):
        spoil(file)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    begun = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: pytest.fail("has begun"))
    with pytest.raises(DataError, match=r"All states in .* are damaged"):
        fit(build(0), *data, callbacks=[begun], checkpoints=Checkpoints(tmp_path), **SETTINGS)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_the_last_two_states_are_kept_and_what_a_kill_left_is_taken_away(data, tmp_path):
    tmp_path = tmp_path / "made"
    tmp_path.mkdir()
    for name in (".123-steps-000000002.safetensors", ".9-best.json"):
        (tmp_path / name).touch()
    for at in (2, 3, 4, 5):
        stopped(data, tmp_path, at)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == [f"steps-{n:09d}.{s}" for n in (9, 14) for s in ("json", "safetensors")]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_state_that_cannot_be_written_is_said_and_training_goes_on(
    data, whole, tmp_path, monkeypatch, code, call
):
    def broken(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os if call == "fsync" else pathlib.Path, call, broken)
    lines = []
    assert gone_on(data, tmp_path, lines, seed=0) == whole
    assert any("was not kept" in line for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_refuses_the_state_of_another_model_or_of_other_data(data, tmp_path):
    interrupted(data, tmp_path, 9)
    x, y = data
    with pytest.raises(DataError, match="another model or of other"):
        gone_on((x[:-8], y[:-8]), tmp_path)
    model = keras.Sequential([keras.Input((7, 7, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10, "softmax"))
    model.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(DataError, match="another model or of other"):
        fit(model, *data, checkpoints=Checkpoints(tmp_path), **SETTINGS)


def test_names_a_callback_that_is_missing(data, tmp_path):
    interrupted(data, tmp_path, 9)
    with pytest.raises(UsageError, match="EarlyStopping, which is missing"):
        fit(
            build(0),
            *data,
            checkpoints=Checkpoints(tmp_path),
            **SETTINGS,
            callbacks=[keras.callbacks.ReduceLROnPlateau()],
        )


class Remembers(keras.callbacks.Callback):
    """Remembers what it is given."""

    def __init__(self, memory):
        super().__init__()
        self.memory = memory

    def get_state(self):
        return self.memory

    def set_state(self, state):
        self.memory = state


def remembering(data, folder, memory):
    """Trains with a callback, goes on, and returns what another such callback then knows."""
    for callback in (Remembers(memory), Remembers(None)):
        fit(build(0), *data, callbacks=[callback], checkpoints=Checkpoints(folder), **SETTINGS)
    return callback.memory


def test_an_array_without_axes_keeps_its_type(data, tmp_path):
    found = remembering(data, tmp_path, [np.asarray(0.1, "float32"), np.float64(0.1), 0.1])
    assert found[0].dtype == np.float32 and found[0] == np.float32(0.1)
    assert found[1:] == [0.1, 0.1]


@pytest.mark.parametrize("memory", [{7: 1}, {"model": object()}, {"a": {1, 2}}])
def test_a_memory_that_cannot_be_kept_is_told_before_the_first_step(data, tmp_path, memory):
    stepped = keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_: pytest.fail("a step"))
    with pytest.raises(UsageError, match="get_state of Remembers must give plain values"):
        fit(
            build(0),
            *data,
            callbacks=[Remembers(memory), stepped],
            checkpoints=Checkpoints(tmp_path),
            **SETTINGS,
        )


def altered(folder, change):
    """Alters the facts of the newest state, and makes its digest right again."""
    from regard.training.checkpoint import read_arrays, write_arrays

    file = max(folder.glob("*.safetensors"))
    arrays, facts = read_arrays(file)
    change(facts)
    write_arrays(file, arrays, facts)


def test_a_state_sets_nothing_of_a_callback_but_what_it_remembers(data, tmp_path):
    stopped(data, tmp_path, 9)
    altered(tmp_path, lambda facts: facts["callbacks"][0][1].update(filepath="/elsewhere"))
    with pytest.raises(DataError, match="remembers other things"):
        gone_on(data, tmp_path)


@pytest.mark.parametrize("name", ["epoch", "step", "seed", "callbacks", "random"])
def test_a_state_without_a_fact_is_refused_before_anything_changes(data, tmp_path, name):
    stopped(data, tmp_path, 9)
    altered(tmp_path, lambda facts: facts.pop(name))
    begun = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: pytest.fail("has begun"))
    with pytest.raises(DataError, match=f"of another version: {name}: Field required"):
        fit(build(0), *data, callbacks=[begun], checkpoints=Checkpoints(tmp_path), **SETTINGS)

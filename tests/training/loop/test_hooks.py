import keras
import pytest

from regard.training.loop import hooks

QUIET = [
    keras.callbacks.EarlyStopping(),
    keras.callbacks.ReduceLROnPlateau(),
    keras.callbacks.CSVLogger("log.csv"),
    keras.callbacks.ModelCheckpoint("model.keras"),
    keras.callbacks.LambdaCallback(on_epoch_end=print),
    keras.callbacks.History(),
]
WATCHING = [
    keras.callbacks.TerminateOnNaN(),
    keras.callbacks.ModelCheckpoint("model.keras", save_freq=3),
    keras.callbacks.LambdaCallback(on_train_batch_end=print),
]


def of(callbacks):
    return keras.callbacks.CallbackList(callbacks)


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("callback", QUIET, ids=lambda c: type(c).__name__)
def test_callbacks_of_epochs_let_many_steps_run(callback, model):
    calls = hooks.train_calls(of([callback]), model)
    assert calls == (1, hooks.MOST_STEPS, False)
    assert hooks.test_calls(of([callback]), model) == calls


@pytest.mark.parametrize("callback", WATCHING, ids=lambda c: type(c).__name__)
def test_callbacks_of_batches_get_each(callback, model):
    assert hooks.train_calls(of([callback]), model) == (1, 1, True)


def test_a_progress_bar_hears_of_many_steps_at_a_time(model):
    assert hooks.train_calls(of([keras.callbacks.ProgbarLogger()]), model).heard
    assert not hooks.test_calls(of([keras.callbacks.ProgbarLogger()]), model).heard


def test_steps_per_execution_is_kept_to_where_a_callback_looks():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=3)
    assert hooks.train_calls(of(WATCHING[:1]), model) == (3, 3, True)

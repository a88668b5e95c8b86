import keras
import numpy as np
import pytest

from regard.errors import DataError, UsageError
from regard.training.loop import fit

X, Y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    return model


def backup(folder):
    return [keras.callbacks.BackupAndRestore(folder)]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"x": (row for row in X)}, "generator"),
        ({"x": X.tolist()}, "x must be an array"),
        ({"x": np.array(["a"] * 8)}, "x must hold numbers"),
        ({"x": np.array(1.0)}, "one row a sample"),
        ({"steps_per_epoch": 2}, "steps_per_epoch"),
        ({"validation_steps": 2}, "validation_steps"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": None}, "batch_size"),
        ({"epochs": 1.5}, "epochs"),
        ({"shuffle": "batch"}, "shuffle"),
        ({"seed": -1}, "seed"),
        ({"validation_freq": 0}, "validation_freq"),
        ({"validation_split": 0.99}, "validation_split=0.99 of 8 samples"),
        ({"validation_split": 1.5}, "validation_split"),
        ({"class_weight": {0: 1}, "sample_weight": np.ones(8)}, "not both"),
        ({"y": [Y, Y], "class_weight": {0: 1}}, "class_weight"),
        ({"callbacks": backup("here")}, "BackupAndRestore"),
    ],
)
def test_arguments_are_refused_by_name(model, arguments, named):
    before = model.get_weights()
    with pytest.raises(UsageError, match=named):
        fit(model, **({"x": X, "y": Y, "verbose": 0} | arguments))
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_lengths_that_differ(model):
    with pytest.raises(DataError, match=r"'x': \[8\], 'y': \[7\]"):
        fit(model, X, Y[:7])
    with pytest.raises(DataError, match="no samples"):
        fit(model, X[:0], Y[:0])


def test_models_are_refused_by_what_they_lack(model):
    with pytest.raises(UsageError, match=r"keras\.Model, not Dense"):
        fit(keras.layers.Dense(1), X, Y)
    with pytest.raises(UsageError, match="not compiled"):
        fit(keras.Sequential([keras.layers.Dense(1)]), X, Y)
    model.trainable = False
    model.compile("sgd", "mse")
    with pytest.raises(UsageError, match="no trainable weights"):
        fit(model, X, Y)


@pytest.mark.parametrize("method", ["train_step", "test_step", "compute_metrics", "fit"])
def test_own_steps_are_refused_by_name(method):
    own = type("Own", (keras.Sequential,), {method: lambda self, *args, **kwargs: None})
    model = own([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(UsageError, match=f"Own has its own {method}"):
        fit(model, X, Y)

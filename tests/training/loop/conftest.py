import keras
import numpy as np
import pytest

from regard import datasets
from regard.training.loop import fit


@pytest.fixture(scope="session")
def pictures():
    """70 real images cut down to 7 x 7, uint8, and their labels."""
    split = datasets.load("fashion-mnist-sample").train
    images = np.asarray(split.images)[:70].reshape(70, 28, 28, 1)[:, ::4, ::4]
    return images, np.asarray(split.labels)[:70]


@pytest.fixture(scope="session")
def network():
    """A function that builds and compiles a network for the pictures, always the same."""

    def build(*middle, seed=0, **compiling):
        keras.utils.set_random_seed(seed)
        layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
        layers += [layer() for layer in middle]
        layers += [keras.layers.Dense(10, "softmax")]
        model = keras.Sequential([keras.Input((7, 7, 1)), *layers])
        settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
        model.compile(keras.optimizers.Adam(0.01), **(settings | compiling))
        return model

    return build


@pytest.fixture(scope="session")
def assert_equals_keras():
    """A function that trains twice, by `model.fit` and by ours, and compares what is left."""

    def check(build, x, y, tolerance=1e-5, **arguments):
        trained = []
        for train in (keras.Model.fit, fit):
            model = build()
            callbacks = arguments.get("callbacks", list)()
            settings = {"batch_size": 32, "epochs": 2, "shuffle": False, "verbose": 0}
            keras.utils.set_random_seed(1)
            history = train(model, x, y, **(settings | arguments | {"callbacks": callbacks}))
            trained.append((history, model))
        (theirs, stock), (ours, model) = trained
        assert list(ours.history) == list(theirs.history)
        assert ours.epoch == theirs.epoch
        for name, values in theirs.history.items():
            np.testing.assert_allclose(ours.history[name], values, atol=tolerance, err_msg=name)
        variables = model.variables + model.optimizer.variables
        others = stock.variables + stock.optimizer.variables
        for mine, other in zip(variables, others, strict=True):
            np.testing.assert_allclose(
                keras.ops.convert_to_numpy(mine),
                keras.ops.convert_to_numpy(other),
                atol=tolerance,
                err_msg=mine.path,
            )
        return ours

    return check

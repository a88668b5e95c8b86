import numpy as np
import pytest

from regard import layers

import keras  # isort: skip

SIZE = (14, 18)


def body(units=3):
    return [
        layers.Conv2D(6, 3, activation="relu", name="first"),
        layers.MaxPooling2D(2, name="pool"),
        layers.Attention(units=units, name="attention"),
        layers.Conv2D(4, 3, activation="tanh", padding="same", name="second"),
    ]


def head():
    return [
        layers.GlobalAveragePooling2D(name="mean"),
        layers.Dense(3, activation="softmax", name="dense"),
    ]


def chain(inputs, parts):
    for part in parts:
        inputs = part(inputs)
    return inputs


def sequential(shape=(*SIZE, 2)):
    return keras.Sequential([keras.Input(shape), *body(), *head()], name="sequential")


def functional():
    inputs = keras.Input((*SIZE, 2))
    x = chain(inputs, body())
    return keras.Model(inputs, chain(layers.Add(name="sum")([x, x]), head()), name="functional")


def nested():
    inner = keras.Sequential([keras.Input((*SIZE, 2)), *body()], name="backbone")
    return keras.Sequential([keras.Input((*SIZE, 2)), inner, *head()], name="nested")


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.parts = [*body(), *head()]

    def call(self, x):
        return chain(x, self.parts)


BUILDERS = {
    "sequential": sequential,
    "functional": functional,
    "nested": nested,
    "subclassed": Subclassed,
}


def drawn(model, shape=(*SIZE, 2)):
    """Gives a model weights with which its attention is neither uniform nor switched off."""
    model(np.zeros((1, *shape), "float32"))
    rng = np.random.default_rng(5)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return model


@pytest.fixture(scope="session")
def build():
    """A function that builds a small network by its kind, with fixed random weights."""
    return lambda kind, *shape: drawn(BUILDERS[kind](*shape), *shape)


@pytest.fixture(scope="session")
def network(build):
    return build("sequential")


@pytest.fixture(scope="session")
def images():
    return np.random.default_rng(2).random((3, *SIZE, 2), dtype="float32")


@pytest.fixture(scope="session")
def linear():
    """A network that is linear, with its weights by pixel and channel, for each class."""
    model = keras.Sequential(
        [keras.Input((4, 5, 2)), layers.Flatten(), layers.Dense(3, activation="softmax")]
    )
    weights = np.random.default_rng(3).normal(size=(40, 3)).astype("float32")
    model.layers[-1].set_weights([weights, np.array([0.5, -1, 2], "float32")])
    return model, weights.reshape(4, 5, 2, 3)


@pytest.fixture(scope="session")
def detector():
    """A network whose class 1 is the brightness of the pixels 3 to 5 by 9 to 11, and no other."""
    model = keras.Sequential(
        [keras.Input((12, 16, 1)), layers.Flatten(), layers.Dense(2, activation="softmax")]
    )
    weights = np.zeros((12, 16, 2), "float32")
    weights[3:6, 9:12, 1] = 1
    model.layers[-1].set_weights([weights.reshape(-1, 2), np.zeros(2, "float32")])
    return model

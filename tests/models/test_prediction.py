"""Answers by the cheapest path equal those of `model.predict`."""

import keras
import numpy as np
import pytest

from regard import layers
from regard.models import prediction

RNG = np.random.default_rng(0)
IMAGES = RNG.random((7, 12, 10, 1), np.float32)


def foldable():
    keras.utils.set_random_seed(0)
    chain = [
        layers.Conv2D(3, 3),
        layers.BatchNormalization(),
        layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Attention(units=2),
        layers.Flatten(),
        layers.Dense(3, activation="softmax"),
    ]
    return keras.Sequential([keras.Input((12, 10, 1)), *chain])


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, x, training=False):
        return self.dense(keras.ops.mean(x, axis=(1, 2))) * (2.0 if training else 1.0)


@pytest.mark.parametrize("build", [foldable, Subclassed])
@pytest.mark.parametrize("count", [1, 3, 7])
def test_equals_predict(monkeypatch, build, count):
    monkeypatch.setattr(prediction, "BATCH", 3)
    model = build()
    expected = model.predict(IMAGES[:count], verbose=0)
    np.testing.assert_allclose(prediction.predictor(model)(IMAGES[:count]), expected, atol=1e-5)


def test_sees_weights_that_change_later_and_is_kept():
    model = foldable()
    predict = prediction.predictor(model)
    before = predict(IMAGES)
    model.set_weights([weight + 0.1 for weight in model.get_weights()])
    assert np.abs(predict(IMAGES) - before).max() > 1e-3
    np.testing.assert_allclose(predict(IMAGES), model.predict(IMAGES, verbose=0), atol=1e-5)
    assert prediction.predictor(model) is predict


def test_several_outputs(monkeypatch):
    monkeypatch.setattr(prediction, "BATCH", 4)
    image = keras.Input((12, 10, 1))
    flat = keras.layers.Flatten()(image)
    outputs = {name: keras.layers.Dense(2, name=name)(flat) for name in "ab"}
    model = keras.Model(image, outputs)
    answers, expected = prediction.predictor(model)(IMAGES), model.predict(IMAGES, verbose=0)
    for name in "ab":
        np.testing.assert_allclose(answers[name], expected[name], atol=1e-5)

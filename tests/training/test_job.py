import dataclasses

import keras
import numpy as np
import pytest

from regard import datasets
from regard.datasets import Split
from regard.datasets.check import as_images
from regard.training import read_recipe
from regard.training.job import prepare


@pytest.fixture(scope="module")
def sample():
    return datasets.load("fashion-mnist-sample")


def job(sample, images, batch_size):
    """A training of a network with batch norm on the first images, validated on the next 100."""
    train, held_out = (
        Split(sample.train.images[part], sample.train.labels[part])
        for part in (slice(images), slice(images, images + 100))
    )
    parts = dataclasses.replace(sample, train=train, validation=held_out)
    recipe = read_recipe(
        name="regard-fast", epochs=1, batch_size=batch_size, dataset="fashion-mnist-sample"
    )
    return prepare(recipe, parts)


@pytest.mark.parametrize(
    ("steps", "reach"), [(1, 1), (3, 3), (10, 4), (40, 10), (180, 45), (720, 100)]
)
def test_averages_of_batch_norm_reach_back_a_quarter_of_an_epoch(sample, steps, reach):
    layers = norms(job(sample, 720, batch_size=720 // steps).model)
    assert layers and all(layer.momentum == pytest.approx(1 - 1 / reach) for layer in layers)


def test_after_a_short_training_the_averages_are_those_of_the_network_as_it_is(sample):
    short = job(sample, 1800, batch_size=30)
    short.train()
    kept = accuracy(short.model, sample.test)
    for layer in norms(short.model):
        layer.momentum = 0.8
    for _ in range(20):
        short.model(as_images(sample.train.images[:200]), training=True)
    assert kept > accuracy(short.model, sample.test) - 0.03


def norms(model):
    return [one for one in model.layers if isinstance(one, keras.layers.BatchNormalization)]


def accuracy(model, split):
    probabilities = model.predict(as_images(split.images), verbose=0)
    return np.mean(np.argmax(probabilities, axis=-1) == split.labels)

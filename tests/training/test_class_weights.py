import dataclasses
import os
import signal

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.datasets.check import as_images
from regard.training import Recipe, Stopped, resume_run, train_run
from regard.training.class_weights import balanced_weights
from regard.training.run import read_config, read_metrics
from regard.training.split import stratified_split

RECIPE = Recipe(
    dataset="fashion-mnist-sample",
    epochs=1,
    batch_size=32,
    learning_rate=1e-12,
    class_weights="balanced",
)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=200))
def test_all_classes_count_the_same_and_the_weights_are_1_on_average(labels):
    weights = balanced_weights(np.array(labels))
    assert set(weights) == set(labels)
    shares = [weights[label] * labels.count(label) for label in weights]
    np.testing.assert_allclose(shares, len(labels) / len(weights))


@pytest.fixture(scope="module")
def uneven(small):
    """Three classes, one of which has most images."""
    labels = np.minimum(small.train.labels, 2)
    train = dataclasses.replace(small.train, labels=labels)
    return dataclasses.replace(small, train=train)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("loop", ["regard", "keras"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_that_of_the_weighted_images(uneven, tmp_path, loop, smoothing):
    recipe = RECIPE.model_copy(update={"loop": loop, "label_smoothing": smoothing})
    trained = train_run(recipe, uneven, tmp_path)
    rows, held_out = stratified_split(uneven.train.labels, recipe.validation_fraction, recipe.seed)
    images, labels = as_images(uneven.train.images), uneven.train.labels
    targets = np.eye(10)[labels] * (1 - smoothing) + smoothing / 10
    losses = -(targets * np.log(trained.model.predict(images, verbose=0))).sum(axis=1)
    weights = np.vectorize(balanced_weights(labels[rows]).get)(labels)
    row = read_metrics(trained.folder)[0]
    assert row["loss"] == pytest.approx((weights * losses)[rows].mean(), rel=1e-4)
    assert row["loss"] != pytest.approx(losses[rows].mean(), rel=1e-3)
    assert row["val_loss"] == pytest.approx(losses[held_out].mean(), rel=1e-4)


class AskAtStep4(keras.callbacks.Callback):
    """Asks the training to stop in the second epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations == 4:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.usefixtures("eager")
def test_a_weighted_training_goes_on_to_the_same_run(uneven, tmp_path):
    recipe = RECIPE.model_copy(update={"epochs": 2, "learning_rate": 1e-3})
    whole = train_run(recipe, uneven, tmp_path, "whole")
    with pytest.raises(Stopped):
        train_run(recipe, uneven, tmp_path, "stopped", [AskAtStep4()])
    resumed = resume_run(tmp_path / "stopped", recipe, uneven)
    assert read_config(resumed.folder)["recipe"]["class_weights"] == "balanced"
    for a, b in zip(whole.model.variables, resumed.model.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (a, b)))

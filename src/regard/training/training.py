"""Trains a network by a recipe and leaves a run folder; the test images are not looked at."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import keras

from regard.datasets import Dataset
from regard.datasets.check import as_images, as_labels, as_pixels
from regard.errors import DataError, RegardError, UsageError
from regard.files import remove_left_behind
from regard.models import presets
from regard.training.augmentation import shifted
from regard.training.best import KeepBest
from regard.training.checkpoints import Checkpoints
from regard.training.class_weights import balanced_weights
from regard.training.loop import fit
from regard.training.pixels import scaled
from regard.training.recipe import Recipe
from regard.training.resume import SetRate, check_unchanged
from regard.training.run import has_model, new_run_folder, save_model, write_config
from regard.training.split import stratified_split


class Stopped(RegardError):
    """The training was interrupted; what was trained is in the run folder."""


@dataclass(frozen=True)
class Trained:
    """What a training gives.

    Attributes:
        folder: The run folder.
        model: The network with the weights of the best epoch.
        best_epoch: The epoch with the highest validation accuracy, counted from 1.
    """

    folder: Path
    model: keras.Model
    best_epoch: int


def train_run(
    recipe: Recipe,
    dataset: Dataset,
    root: Path = Path("runs"),
    name: str | None = None,
    callbacks=(),
    say=lambda line: None,
) -> Trained:
    """Trains the recipe's network and keeps the epoch that is best on the validation part.

    Args:
        recipe: The settings.
        dataset: Images and labels; of its training images a stratified part is held out for
            validation. The test images are not used.
        root: Folder of all runs.
        name: Name of the run; by default the data set's, counted up.
        callbacks: Keras callbacks, such as a progress bar.
        say: Called with the line that tells how the network is computed, and why.

    Raises:
        DataError: If the images or labels cannot be used.
        UsageError: If the run's name is in use, or if the shift is too large for the images.
        Stopped: At Ctrl-C, after saving what was trained.
    """
    job = _prepared(recipe, dataset)
    folder = new_run_folder(root, dataset.name, name)
    write_config(folder, recipe, dataset)
    return _run(job, folder, callbacks, say)


def resume_run(
    folder: Path,
    recipe: Recipe,
    dataset: Dataset,
    callbacks=(),
    say=lambda line: None,
    force: bool = False,
) -> Trained:
    """Goes on with a training where its newest checkpoint is, as if it had never stopped.

    Args:
        folder: The run folder.
        recipe: The settings, those of the run unless `force`.
        dataset: The images and labels that the run was trained on.
        callbacks: Keras callbacks, such as a progress bar.
        say: Called with the line that tells how the network is computed, and with others.
        force: Whether to go on although something changed that changes the result.

    Raises:
        DataError: If the checkpoints are not of this recipe and these images.
        UsageError: If settings, images or versions changed and `force` is not given.
        Stopped: At Ctrl-C, after saving what was trained.
    """
    changed = check_unchanged(folder, recipe, dataset, say, force)
    remove_left_behind(folder)
    job = _prepared(recipe, dataset)
    write_config(folder, recipe, dataset)
    if "learning_rate" in changed and recipe.schedule == "constant":
        callbacks = [SetRate(recipe.learning_rate), *callbacks]
    return _run(job, folder, callbacks, say)


class _Job(NamedTuple):
    """A training before its first step."""

    recipe: Recipe
    model: keras.Model
    trainee: keras.Model
    training: tuple
    validation: tuple
    class_weight: dict | None


def _prepared(recipe, dataset):
    images = as_pixels(dataset.train.images)
    labels = as_labels(dataset.train.labels, len(dataset.class_names), len(images))
    keras.utils.set_random_seed(recipe.seed)
    model = _network(recipe.network, images.shape[1:], len(dataset.class_names))
    training, validation = _parts(dataset, images, labels, recipe)
    loss, targets = _targets(len(dataset.class_names), recipe.label_smoothing)
    steps = math.ceil(len(training[0]) / recipe.batch_size)
    _shorten_memories(model, steps)
    rate = _learning_rate(recipe, steps)
    model.compile(_optimizer(recipe, rate), loss, metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)  # else a model stopped at once cannot load
    parts = [(x, targets(y)) for x, y in (training, validation)]
    weights = _CLASS_WEIGHTS[recipe.class_weights](training[1])
    return _Job(recipe, model, _augmented(model, recipe), *parts, weights)


def _parts(dataset, images, labels, recipe):
    """Returns the images and labels to train on, and those to validate on."""
    if dataset.validation is not None:
        held_out = dataset.validation
        return (images, labels), (as_pixels(held_out.images), as_labels(held_out.labels))
    rows = stratified_split(labels, recipe.validation_fraction, recipe.seed)
    return tuple((images[part], labels[part]) for part in rows)


def _run(job, folder, callbacks, say):
    recipe, keeper = job.recipe, KeepBest(job.model, folder)
    try:
        _LOOPS[recipe.loop](
            job.trainee,
            *job.training,
            say,
            folder,
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            validation_data=job.validation,
            class_weight=job.class_weight,
            callbacks=[keeper, *callbacks],
            verbose=0,
        )
    except KeyboardInterrupt:
        keeper.restore()
        if keeper.epochs or not has_model(folder):
            save_model(job.model, folder, recipe.network)
        ways = {"regard": "To go on: regard train --resume", "keras": "Kept: regard evaluate"}
        raise Stopped(
            f"Stopped after {keeper.epochs} whole epochs. {ways[recipe.loop]} {folder}"
        ) from None
    keeper.restore()
    save_model(job.model, folder, recipe.network)
    return Trained(folder, job.model, keeper.best_epoch)


def _network(name, input_shape, classes):
    try:
        return getattr(presets, name)(input_shape, classes)
    except UsageError as error:
        raise DataError(f"The network {name} cannot take these images: {error}") from None


def _shorten_memories(model, steps):
    """Lets batch norm's averages reach back one epoch at most; where steps are few they lag."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = min(layer.momentum, 1 - 1 / steps)


def _optimizer(recipe, rate):
    if recipe.weight_decay:
        return keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    return keras.optimizers.Adam(rate)


def _augmented(model, recipe):
    """Returns what is given to the loop: the network, or it on changed images."""
    if not recipe.shift:
        return model
    changed = shifted(model, recipe.shift)
    changed.compile(model.optimizer, model.loss, metrics=["accuracy"])
    return changed


def _targets(classes, smoothing):
    """Returns the loss, and what turns labels into what it wants."""
    if not smoothing:
        return "sparse_categorical_crossentropy", lambda labels: labels
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    return loss, lambda labels: keras.utils.to_categorical(labels, classes)


def _learning_rate(recipe, steps_an_epoch):
    if recipe.schedule == "constant":
        return recipe.learning_rate
    steps = recipe.epochs * steps_an_epoch
    rise = max(steps // 10, 1)
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - rise, 1), warmup_target=recipe.learning_rate, warmup_steps=rise
    )


def _by_regard(model, x, y, say, folder, **arguments):
    checkpoints = Checkpoints(folder / "checkpoints", say=say)
    fit(model, x, y, prepare=scaled, say=say, checkpoints=checkpoints, **arguments)


def _by_keras(model, x, y, say, folder, validation_data, **arguments):
    say("Trained by Keras's model.fit")
    validation = as_images(validation_data[0]), validation_data[1]
    model.fit(as_images(x), y, validation_data=validation, **arguments)


_CLASS_WEIGHTS = {"none": lambda labels: None, "balanced": balanced_weights}
_LOOPS = {"regard": _by_regard, "keras": _by_keras}

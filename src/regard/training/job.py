"""A training before its first step: the network compiled, the images split; and its steps."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras

from regard.datasets.check import as_images, as_labels, as_pixels
from regard.errors import DataError, UsageError
from regard.models import presets
from regard.training.augmentation import shifted
from regard.training.class_weights import balanced_weights
from regard.training.loop import fit
from regard.training.pixels import scaled
from regard.training.recipe import Recipe
from regard.training.split import stratified_split

FEWEST_AVERAGED = 4  # batches that batch norm's averages reach back, if an epoch has them


@dataclass(frozen=True, eq=False)
class Job:
    """What is trained, on what.

    Attributes:
        recipe: The settings.
        model: The network.
        trainee: What is given to the loop: the network, or it on changed images.
        training: Images and targets to train on.
        validation: Images and targets to validate on.
        class_weight: Weights of the classes in the loss, or None.
    """

    recipe: Recipe
    model: keras.Model
    trainee: keras.Model
    training: tuple
    validation: tuple
    class_weight: dict | None

    def train(self, callbacks=(), say=lambda line: None, checkpoints=None):
        """Trains by the recipe's loop.

        Args:
            callbacks: Keras callbacks.
            say: Called with the line that tells how the network is computed, and with others.
            checkpoints: A `regard.training.Checkpoints` for the loop `"regard"`, or None.

        Raises:
            KeyboardInterrupt: At Ctrl-C.
        """
        _LOOPS[self.recipe.loop](
            self.trainee,
            *self.training,
            say,
            checkpoints,
            batch_size=self.recipe.batch_size,
            epochs=self.recipe.epochs,
            validation_data=self.validation,
            class_weight=self.class_weight,
            callbacks=list(callbacks),
            verbose=0,
        )


def preset(recipe: Recipe, input_shape, classes) -> keras.Model:
    """Builds the recipe's network; raises `DataError` if it cannot take the images."""
    try:
        return getattr(presets, recipe.network)(input_shape, classes)
    except UsageError as error:
        raise DataError(f"The network {recipe.network} cannot take these images: {error}") from None


def prepare(recipe: Recipe, dataset, build: Callable = preset) -> Job:
    """Checks the data, splits it, and builds and compiles the network, from the recipe's seed.

    Args:
        recipe: The settings.
        dataset: A `regard.datasets.Dataset`; its test images are not used.
        build: Makes the network from the recipe, the shape of an image and the number of classes.

    Raises:
        DataError: If the images or labels cannot be used.
        UsageError: If the shift is too large for the images.
    """
    images = as_pixels(dataset.train.images)
    labels = as_labels(dataset.train.labels, len(dataset.class_names), len(images))
    keras.utils.set_random_seed(recipe.seed)
    model = build(recipe, images.shape[1:], len(dataset.class_names))
    training, validation = _parts(dataset, images, labels, recipe)
    loss, targets = _targets(len(dataset.class_names), recipe.label_smoothing)
    steps = math.ceil(len(training[0]) / recipe.batch_size)
    _shorten_memories(model, steps)
    rate = _learning_rate(recipe, steps)
    model.compile(_optimizer(recipe, rate), loss, metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)  # else a model stopped at once cannot load
    parts = [(x, targets(y)) for x, y in (training, validation)]
    weights = _CLASS_WEIGHTS[recipe.class_weights](training[1])
    return Job(recipe, model, _augmented(model, recipe), *parts, weights)


def _parts(dataset, images, labels, recipe):
    """Returns the images and labels to train on, and those to validate on."""
    if dataset.validation is not None:
        held_out = dataset.validation
        return (images, labels), (as_pixels(held_out.images), as_labels(held_out.labels))
    rows = stratified_split(labels, recipe.validation_fraction, recipe.seed)
    return tuple((images[part], labels[part]) for part in rows)


def _shorten_memories(model, steps):
    """Lets batch norm's averages reach back a quarter of an epoch; where steps are few they lag."""
    reach = min(steps, max(steps / 4, FEWEST_AVERAGED))
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = min(layer.momentum, 1 - 1 / reach)


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


def _by_regard(model, x, y, say, checkpoints, **arguments):
    fit(model, x, y, prepare=scaled, say=say, checkpoints=checkpoints, **arguments)


def _by_keras(model, x, y, say, checkpoints, validation_data, **arguments):
    say("Trained by Keras's model.fit")
    validation = as_images(validation_data[0]), validation_data[1]
    model.fit(as_images(x), y, validation_data=validation, **arguments)


_CLASS_WEIGHTS = {"none": lambda labels: None, "balanced": balanced_weights}
_LOOPS = {"regard": _by_regard, "keras": _by_keras}

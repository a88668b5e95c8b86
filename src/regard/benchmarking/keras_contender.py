"""The tutorial's network trained by Keras's own `fit`, and by that of regard."""

import time

import keras
import numpy as np

from regard import models
from regard.benchmarking.work import BATCH_SIZE, LEARNING_RATE
from regard.models.cost import count_multiply_adds
from regard.models.folding.folding import folded_model

_LAYERS = ("first", "second", "pool", "attention", "flatten", "hidden", "classes")
_SIDE = 2048  # of the square matrices whose product is taken as the machine's peak
_PRODUCTS = 3


class KerasContender:
    """Trains in the way of that name.

    Args:
        name: `"stock"` or `"regard"`.
        weights: File with the weights to start from; written if it does not exist.
    """

    def __init__(self, name, weights):
        self.name = name
        self.weights = weights
        if not weights.exists():
            keras.utils.set_random_seed(0)
            arrays = _variables(models.tutorial())
            np.savez(weights, **{key: keras.ops.convert_to_numpy(v) for key, v in arrays.items()})

    def about(self):
        """Returns how it trains, in a few words."""
        way = "regard.training.fit" if self.name == "regard" else "keras.Model.fit"
        return f"{way} on {keras.config.backend()}"

    def counted(self):
        """Returns the multiply-adds of a step, as far as this contender is asked for them."""
        if self.name != "regard":
            return {}
        return {"multiply_adds_per_step": step_multiply_adds(models.tutorial())}

    def losses(self, images, labels):
        """Returns the loss of each step of one epoch."""
        means = _Means()
        self._fit(images, labels, 1, means)
        totals = np.cumsum(np.ones(len(means.values))) * means.values
        return np.diff(totals, prepend=0).tolist()

    def rounds(self, images, labels, count, conversation):
        """Runs epochs in one call of `fit`, each when it is told, and answers its seconds."""
        self._fit(images, labels, count, _Rounds(conversation))

    def _fit(self, images, labels, epochs, callback):
        if self.name == "regard":
            from regard.training import fit
        else:
            fit = keras.Model.fit
        fit(
            self._network(),
            images,
            labels,
            batch_size=BATCH_SIZE,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=[callback],
        )

    def _network(self):
        model = models.tutorial()
        with np.load(self.weights) as arrays:
            for name, variable in _variables(model).items():
                variable.assign(arrays[name])
        loss = keras.losses.SparseCategoricalCrossentropy()
        model.compile(keras.optimizers.Adam(LEARNING_RATE), loss, metrics=["accuracy"])
        return model


class _Means(keras.callbacks.Callback):
    """Keeps the mean of the losses so far at each step, which is what Keras tells."""

    def __init__(self):
        super().__init__()
        self.values = []

    def on_train_batch_end(self, batch, logs=None):
        self.values.append(float(logs["loss"]))


class _Rounds(keras.callbacks.Callback):
    """Lets each epoch wait until it is told, and answers the seconds that it took."""

    def __init__(self, conversation):
        super().__init__()
        self.conversation = conversation

    def on_epoch_begin(self, epoch, logs=None):
        self.conversation.await_round(matrix_product_peak)
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.conversation.answer(seconds=time.perf_counter() - self.start)


def step_multiply_adds(model):
    """Returns the multiply-adds of a training step of a model whose first layers are folded.

    Backwards a layer takes two products of the size of the one forwards, for its weights and for
    its input; the first layer needs none for its input.
    """
    folded = folded_model(model, training=True, batch_size=BATCH_SIZE).report.folded
    saved = sum(chain.before - chain.after for chain in folded)
    forward = count_multiply_adds(model) - saved
    return BATCH_SIZE * (3 * forward - folded[0].after)


def matrix_product_peak():
    """Returns the multiply-adds a second of a large float32 matrix product, the best of a few."""
    matrix = keras.ops.convert_to_tensor(
        np.random.default_rng(0).normal(size=(_SIDE, _SIDE)).astype("float32")
    )
    took = []
    for _ in range(_PRODUCTS):
        start = time.perf_counter()
        float(keras.ops.matmul(matrix, matrix)[0, 0])
        took.append(time.perf_counter() - start)
    return _SIDE**3 / min(took)


def _variables(model):
    named = {}
    for name, layer in zip(_LAYERS, model.layers, strict=True):
        for variable in layer.trainable_variables:
            named[f"{name}/{variable.path.rpartition(f'{layer.name}/')[2]}"] = variable
    return named

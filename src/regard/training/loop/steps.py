"""The compiled steps of a model, kept from one call of `fit` to the next."""

import importlib
import weakref
from collections.abc import Callable
from typing import NamedTuple

import keras

_HOME = "regard.training.loop.{}_steps"
_KEPT = weakref.WeakKeyDictionary()


class Steps(NamedTuple):
    """What a backend's module makes of a model; both change the model's variables.

    Attributes:
        train: `train(data, order, batch_size, first, end)` runs the training steps `first` to
            `end - 1` of an epoch that meets the samples in `order`.
        test: The same for validation.
    """

    train: Callable
    test: Callable


def steps_of(model, prepare):
    """Returns the `Steps` of a built model; those of its last call where nothing was compiled anew.

    Args:
        model: A compiled and built model.
        prepare: Applied to `x` of each batch inside the step, or None.
    """
    state = _compilation(model, prepare)
    before, steps = _KEPT.get(model, ((), None))
    if len(before) != len(state) or any(a is not b for a, b in zip(before, state, strict=True)):
        backend = importlib.import_module(_HOME.format(keras.config.backend()))
        steps = backend.make(model, prepare)
        _KEPT[model] = (state, steps)
    return steps


def _compilation(model, prepare):
    """Returns objects of which `compile`, or freezing a layer, makes at least one another."""
    made = (model.optimizer, model.loss, model.jit_compile, model.run_eagerly, prepare)
    return (*made, *model.metrics, *model.trainable_variables)

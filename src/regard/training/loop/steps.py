"""The compiled steps of a model, kept from one call of `fit` to the next."""

import importlib
import re
from collections.abc import Callable
from typing import NamedTuple

import keras

from regard.training.loop.memory import is_out_of_memory
from regard.training.loop.path import Path, computed, path_of

_HOME = "regard.training.loop.{}_steps"
_KEPT = "_regard_steps"  # on the model, so that they die with it


class Steps(NamedTuple):
    """What a backend's module makes of a model; both change the model's variables.

    Attributes:
        train: `train(data, order, batch_size, first, end)` runs the training steps `first` to
            `end - 1` of an epoch that meets the samples in `order`.
        test: The same for validation.
        path: How they are computed.
    """

    train: Callable
    test: Callable
    path: Path


def steps_of(model, prepare, batch_size):
    """Returns the `Steps` of a built model; those of its last call where nothing was compiled anew.

    Args:
        model: A compiled and built model.
        prepare: Applied to `x` of each batch inside the step, or None.
        batch_size: Images of a step.
    """
    state = _compilation(model, prepare)
    before, steps = getattr(model, _KEPT, ((), None))
    if len(before) != len(state) or any(a is not b for a, b in zip(before, state, strict=True)):
        steps = make_steps(model, prepare, path_of(model, batch_size), model.run_eagerly)
        object.__setattr__(model, _KEPT, (state, steps))
    return steps


def make_steps(model, prepare, path, eagerly):
    """Returns new `Steps` that take a path, compiled or, for any Python code, eager."""
    backend = importlib.import_module(_HOME.format(keras.config.backend()))

    def step(name):
        def run(*arguments):
            with computed(model, path):
                return getattr(model, name)(*arguments)

        return run

    train, test = backend.make(model, step("train_step"), step("test_step"), prepare, path, eagerly)
    return Steps(train, test, path)


def train_or_eagerly(model, prepare, steps, say):
    """Returns `steps.train`, with eager steps in its stead if the first call cannot be compiled.

    Args:
        model: A compiled and built model.
        prepare: Applied to `x` of each batch inside the step, or None.
        steps: Of the model.
        say: Called with a line that tells why, if it comes to that.
    """
    train = steps.train
    is_first = not model.run_eagerly and keras.config.backend() != "torch"

    def run(*arguments):
        nonlocal train, is_first
        iterations = int(model.optimizer.iterations)
        try:
            train(*arguments)
        except Exception as error:
            done = int(model.optimizer.iterations) != iterations
            if not is_first or done or is_out_of_memory(error):
                raise
            train = make_steps(model, prepare, steps.path, eagerly=True).train
            train(*arguments)
            say(f"Trained by eager steps, since they cannot be compiled: {_reason(error)}")
        is_first = False

    return run


def _reason(error):
    """The first line of an error's text; where Keras says in it whose call failed, the next too."""
    text = re.sub(r"\x1b\[\d+m", "", str(error))  # Keras writes in bold
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    count = 2 if lines and lines[0].startswith("Exception encountered") else 1
    return " ".join(lines[:count]) or type(error).__name__


def _compilation(model, prepare):
    """Returns objects of which `compile`, or freezing a layer, makes at least one another."""
    made = (model.optimizer, model.loss, model.jit_compile, model.run_eagerly, prepare)
    return (*made, *model.metrics, *model.trainable_variables)

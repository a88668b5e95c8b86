"""Keeps a training's whole state between two steps, and goes on from there."""

import contextlib
import signal
import threading
from typing import NamedTuple

import keras
import numpy as np

from regard.errors import DataError
from regard.training.facts import checked_facts
from regard.training.loop.memories import check, memories, remind
from regard.training.loop.state import random_states, set_random_states, variables


class Position(NamedTuple):
    """Where a training is.

    Attributes:
        epoch: Number of the epoch, counted from 0.
        step: Steps of it that are done.
        seed: Of the order of the samples, or None.
    """

    epoch: int
    step: int
    seed: int | None


class Keeper:
    """Writes the state of a training into checkpoints between steps.

    Args:
        model: The compiled and built model.
        listeners: A `keras.callbacks.CallbackList`.
        checkpoints: A `regard.training.Checkpoints`.
        shape: What a training that goes on must have in common with this one, as plain values.
        steps: Steps of an epoch.
    """

    def __init__(self, model, listeners, checkpoints, shape, steps):
        self._model, self._listeners, self._checkpoints = model, listeners, checkpoints
        self._shape, self._steps = shape, steps
        self._asked = False
        self._found = None

    def read(self):
        """Reads the newest state, if there is one, and changes nothing yet.

        Raises:
            DataError: If the state is of another model or of other data, or if all are damaged.
        """
        self._found = self._checkpoints.newest()
        if self._found is None:
            return
        arrays, facts = self._found
        facts = checked_facts(facts, arrays, self._checkpoints.folder)
        self._found = arrays, facts
        shapes = [list(variable.shape) for variable in variables(self._model)]
        if facts.shape != self._shape or facts.variables != shapes:
            raise DataError(
                f"The checkpoints in {self._checkpoints.folder} are of another model or of other "
                "data. Train into a new folder."
            )

    def go_on(self, start):
        """Puts back what was read, and returns the position to start at.

        Raises:
            UsageError: If a callback that was there is missing, or cannot be kept.
        """
        if self._found is None:
            check(memories(self._listeners))
            return start
        self.put_variables_back()
        arrays, facts = self._found
        remind(self._listeners, _filled_in(facts.callbacks, arrays))
        set_random_states(_filled_in(facts.random, arrays))
        return Position(facts.epoch, facts.step, facts.seed)

    def put_variables_back(self):
        """Puts back the variables alone."""
        arrays = self._found[0]
        for number, variable in enumerate(variables(self._model)):
            variable.assign(arrays[f"variable/{number}"])

    def finish(self, position):
        """Writes the last state.

        Raises:
            KeyboardInterrupt: If the training was asked to stop; the state is written before.
        """
        self.write(position)
        if self._asked:
            raise KeyboardInterrupt

    def between_steps(self, position):
        """Writes the state if that is due.

        Raises:
            KeyboardInterrupt: If the training was asked to stop; the state is written before.
        """
        if self._asked or self._checkpoints.is_due():
            self.write(position)
        if self._asked:
            raise KeyboardInterrupt

    def write(self, position):
        """Writes the state."""
        arrays = {}
        for number, variable in enumerate(variables(self._model)):
            arrays[f"variable/{number}"] = keras.ops.convert_to_numpy(variable.value)
        facts = position._asdict() | {
            "shape": self._shape,
            "variables": [list(variable.shape) for variable in variables(self._model)],
            "callbacks": _taken_out(memories(self._listeners), arrays),
            "random": _taken_out(random_states(), arrays),
        }
        self._checkpoints.write(position.epoch * self._steps + position.step, arrays, facts)

    @contextlib.contextmanager
    def stops_between_steps(self):
        """Lets Ctrl-C and SIGTERM end the training between two steps; the second does at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._ask) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, number, frame):
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True


def _taken_out(tree, arrays):
    """Returns the tree with each array moved to `arrays` and its name in its place."""

    def take(leaf):
        if isinstance(leaf, np.generic):
            return leaf.item()
        if not hasattr(leaf, "dtype"):
            return leaf
        name = f"array/{len(arrays)}"
        arrays[name] = leaf
        return {"array": name}

    return keras.tree.map_structure(take, tree)


def _filled_in(tree, arrays):
    if isinstance(tree, list):
        return [_filled_in(one, arrays) for one in tree]
    if not isinstance(tree, dict):
        return tree
    if set(tree) == {"array"}:
        return arrays[tree["array"]]
    return {name: _filled_in(one, arrays) for name, one in tree.items()}

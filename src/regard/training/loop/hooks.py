"""How many steps may run between two looks of the callbacks."""

from typing import NamedTuple

import keras

MOST_STEPS = 64
TRAIN_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
TEST_HOOKS = ("on_test_batch_begin", "on_test_batch_end")


class Calls(NamedTuple):
    """How the steps of an epoch are grouped.

    Attributes:
        least: Fewest steps of a call.
        most: Most steps of a call.
        heard: Whether the callbacks are told of each call.
    """

    least: int
    most: int
    heard: bool


def train_calls(listeners, model):
    """Returns the grouping of training steps: one at a time where a callback looks at batches.

    A progress bar, and a callback that says `every_batch = False`, is told once a call. Else a
    callback that has a hook for batches is called after every step, or every
    `steps_per_execution` steps where `compile` was told so.

    Args:
        listeners: A `keras.callbacks.CallbackList`.
        model: The compiled model.
    """
    if any(map(_looks_at_batches, listeners.callbacks)):
        return Calls(model.steps_per_execution, model.steps_per_execution, True)
    shows = any(map(_shows, listeners.callbacks))
    return Calls(1, MOST_STEPS, shows)


def test_calls(listeners, model):
    """Returns the grouping of validation steps, by the hooks for test batches likewise."""
    looks = any(
        _has(callback, TEST_HOOKS)
        for callback in listeners.callbacks
        if not _shows(callback)  # silent inside fit
    )
    if looks:
        return Calls(model.steps_per_execution, model.steps_per_execution, True)
    return Calls(1, MOST_STEPS, False)


def _shows(callback):
    is_bar = isinstance(callback, keras.callbacks.ProgbarLogger)
    return is_bar or not getattr(callback, "every_batch", True)


def _looks_at_batches(callback):
    if _shows(callback):
        return False
    if type(callback) is keras.callbacks.ModelCheckpoint and callback.save_freq == "epoch":
        return False
    return _has(callback, TRAIN_HOOKS)


def _has(callback, hooks):
    return any(_function(callback, hook) is not _function(_PLAIN, hook) for hook in hooks)


def _function(callback, hook):
    method = getattr(callback, hook)
    return getattr(method, "__func__", method)


_PLAIN = keras.callbacks.Callback()

"""What callbacks remember from epoch to epoch, for a training that goes on."""

import copy

from keras import callbacks

from regard.errors import DataError, UsageError

_REMEMBERED = {
    callbacks.EarlyStopping: ("wait", "stopped_epoch", "best", "best_epoch", "best_weights"),
    callbacks.History: ("epoch", "history"),
    callbacks.ModelCheckpoint: ("best",),
    callbacks.ReduceLROnPlateau: ("wait", "cooldown_counter", "best"),
}


def memories(listeners):
    """Returns what the callbacks remember: class names, and trees of values.

    Keras's own callbacks are known; another takes part by `get_state()`, which gives a tree of
    plain values and arrays, and `set_state(tree)`.

    Args:
        listeners: A `keras.callbacks.CallbackList`.
    """
    found = [(type(callback).__name__, _memory(callback)) for callback in listeners.callbacks]
    return [[name, memory] for name, memory in found if memory is not None]


def check(remembered):
    """Raises UsageError if a memory holds other than plain values, arrays, lists and dicts."""
    for name, memory in remembered:
        if not _can_be_kept(memory):
            raise UsageError(
                f"get_state of {name} must give plain values and arrays, in lists, and in dicts "
                f"with text as keys; it gave {memory!r}."
            )


def remind(listeners, remembered):
    """Gives the callbacks back what they remembered, after their `on_train_begin`.

    Raises:
        UsageError: If one is missing.
        DataError: If the memory would set anything else of a callback than what it remembers.
    """
    left = list(listeners.callbacks)
    for name, memory in remembered:
        callback = next((one for one in left if type(one).__name__ == name), None)
        if callback is None:
            raise UsageError(f"The training had a callback {name}, which is missing now. Give it.")
        left.remove(callback)
        if hasattr(callback, "set_state"):
            callback.set_state(memory)
            continue
        if not isinstance(memory, dict) or set(memory) != set(_names(callback)):
            raise DataError(f"The checkpoint is altered: {name} remembers other things.")
        for attribute, value in memory.items():
            setattr(callback, attribute, value)


def _memory(callback):
    if hasattr(callback, "get_state"):
        return callback.get_state()
    return {name: copy.copy(getattr(callback, name)) for name in _names(callback)} or None


def _names(callback):
    return next((n for kind, n in _REMEMBERED.items() if isinstance(callback, kind)), ())


def _can_be_kept(memory):
    if isinstance(memory, list | tuple):
        return all(map(_can_be_kept, memory))
    if isinstance(memory, dict):
        return all(isinstance(key, str) and _can_be_kept(one) for key, one in memory.items())
    return memory is None or isinstance(memory, str | int | float) or hasattr(memory, "dtype")

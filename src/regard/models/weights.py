"""The weights of a model as safetensors bytes, by position and name."""

import numpy as np

from regard.arrays import from_bytes, to_bytes
from regard.errors import DataError


def pack(model):
    """Returns a model's variables as the bytes of a safetensors file.

    The names are position and variable, such as `"003/kernel"`: those of layers depend on what
    else was built in the process.

    Args:
        model: A built Keras model.
    """
    import keras

    return to_bytes({n: keras.ops.convert_to_numpy(v) for n, v in _named(model).items()})


def unpack_into(model, payload, source):
    """Gives a model the weights of a safetensors file; it changes only if all of them fit.

    Args:
        model: A built Keras model.
        payload: The bytes of the file.
        source: What the bytes are, for messages.

    Raises:
        DataError: If the bytes are no safetensors file, if an array is missing, too many, of
            another shape or dtype, or if a value is not finite.
    """
    arrays, variables = from_bytes(payload, source), _named(model)
    _compare(arrays, variables, source)
    for name, array in arrays.items():
        if array.dtype.kind not in "biu" and not np.isfinite(array).all():
            raise DataError(f"{source} holds values that are not finite, in {name}.")
    for name, variable in variables.items():
        variable.assign(arrays[name])


def _named(model):
    return {f"{n:03d}/{variable.name}": variable for n, variable in enumerate(model.variables)}


def _compare(arrays, variables, source):
    if missing := sorted(set(variables) - set(arrays)):
        raise DataError(f"{source} lacks the weights {missing[0]}.")
    if unknown := sorted(set(arrays) - set(variables)):
        raise DataError(f"{source} has weights that the network has not: {unknown[0][:80]!r}.")
    for name, variable in variables.items():
        found, wanted = _form(arrays[name]), _form(variable)
        if found != wanted:
            raise DataError(f"{source}: {name} is {found}, but the network has {wanted}.")


def _form(array):
    """Returns dtype and shape as text, such as `float32 (3, 4)`."""
    return f"{getattr(array.dtype, 'name', array.dtype)} {tuple(array.shape)}"

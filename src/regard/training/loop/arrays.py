"""The arrays of a training: checked, split, weighted, and put on the device in their own type."""

from functools import partial

import keras
import numpy as np

from regard.errors import DataError, UsageError


def checked(x, y=None, sample_weight=None):
    """Checks that all are arrays of one length and casts floats to Keras's float type, as it does.

    Args:
        x: An array `(n, …)`, or a list, tuple or dict of such for a model of several inputs.
        y: The targets likewise, or None.
        sample_weight: A weight per sample, `(n,)`, or None; with several outputs one array for
            all of them or one for each.

    Returns:
        `(x, y, sample_weight)`.

    Raises:
        UsageError: If something is not an array, such as a generator or a `tf.data.Dataset`.
        DataError: If lengths differ or there are no samples.
    """
    if sample_weight is not None and _is_nested(y) and not _is_nested(sample_weight):
        weight = sample_weight
        sample_weight = keras.tree.map_structure(lambda _: weight, y)
    named = {"x": x, "y": y, "sample_weight": sample_weight}
    data = {name: each(value, partial(_array, name)) for name, value in named.items()}
    lengths = {
        name: sorted({len(leaf) for leaf in leaves(value)})
        for name, value in data.items()
        if leaves(value)
    }
    if len(set().union(*lengths.values())) != 1:
        raise DataError(f"The numbers of samples differ: {lengths}.")
    if lengths["x"] == [0]:
        raise DataError("There are no samples in x.")
    return tuple(data.values())


def split(data, validation_split):
    """Cuts the last part off, as `model.fit` does: before any shuffling.

    Returns:
        `(training, validation)`, each `(x, y, sample_weight)`.

    Raises:
        UsageError: If one of the parts would be empty.
    """
    count = len(leaves(data)[0])
    kept = int(np.floor(count * (1.0 - validation_split)))
    if not 0 < kept < count:
        raise UsageError(
            f"validation_split={validation_split} of {count} samples leaves {kept} to train on and "
            f"{count - kept} to validate on. Choose it between 0 and 1, or give more samples."
        )
    return each(data, lambda leaf: leaf[:kept]), each(data, lambda leaf: leaf[kept:])


def class_weights(y, class_weight):
    """Returns the weight of each sample's class, `(n,)`; 1 for a class that is not named.

    Args:
        y: Labels, `(n,)` or `(n, 1)`, or one-hot rows, `(n, classes)`.
        class_weight: From class index to weight.
    """
    labels = keras.ops.convert_to_numpy(y)
    if labels.ndim > 1:
        labels = labels[..., 0] if labels.shape[-1] == 1 else labels.argmax(-1)
    classes, place = np.unique(np.round(labels).astype("int32"), return_inverse=True)
    weights = [class_weight.get(int(label), 1.0) for label in classes]
    return np.asarray(weights, keras.config.floatx())[place.reshape(labels.shape)]


def on_device(data):
    """Puts all arrays on the device that Keras uses; images of uint8 stay uint8 there."""
    return each(data, keras.ops.convert_to_tensor)


def leaves(data):
    """Returns the arrays in a nested structure as a list, without None."""
    return [leaf for leaf in keras.tree.flatten(data) if leaf is not None]


def batch(data, take, prepare):
    """Returns `(x, y, sample_weight)` of the samples that `take` picks from each array.

    Args:
        data: `(x, y, sample_weight)` on the device.
        take: From an array to its rows in this batch.
        prepare: Applied to `x` of the batch, inside the compiled step; or None.
    """
    x, y, sample_weight = each(data, take)
    return (x if prepare is None else prepare(x), y, sample_weight)


def each(data, function):
    """Returns the nested structure with `function` of each array, and None where None is."""
    return keras.tree.map_structure(lambda leaf: None if leaf is None else function(leaf), data)


def _is_nested(value):
    return isinstance(value, list | tuple | dict)


def _array(name, leaf):
    module = type(leaf).__module__
    if not hasattr(leaf, "shape") or not hasattr(leaf, "dtype") or "sparse" in module:
        raise UsageError(
            f"{name} must be an array or a list, tuple or dict of arrays, not "
            f"{type(leaf).__module__}.{type(leaf).__name__}. For generators, tf.data and other "
            "data sets use model.fit."
        )
    if not keras.ops.is_tensor(leaf) and not isinstance(leaf, np.memmap):
        leaf = np.asarray(leaf)
    dtype = _dtype(leaf)
    if len(leaf.shape) == 0 or dtype == "string":
        raise UsageError(
            f"{name} must hold numbers, one row a sample, not {leaf.dtype} of shape {leaf.shape}."
        )
    if "float" not in dtype or dtype == keras.config.floatx():
        return leaf
    if isinstance(leaf, np.memmap):
        raise UsageError(
            f"{name} is on disk as {dtype}; there it must be {keras.config.floatx()} or integers."
        )
    cast = keras.ops.cast if keras.ops.is_tensor(leaf) else np.asarray
    return cast(leaf, keras.config.floatx())


def _dtype(leaf):
    try:
        return keras.backend.standardize_dtype(leaf.dtype)
    except ValueError:  # NumPy's text and objects
        return "string"

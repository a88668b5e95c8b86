"""Weights on disk as safetensors, with a digest, written whole or not at all."""

import hashlib
import json
from pathlib import Path

import numpy as np

from regard.arrays import MAX_BYTES, from_bytes, to_bytes
from regard.errors import DataError
from regard.files import read_bounded, whole_file, write_text

MAX_JSON_BYTES = 16 << 20


def write_arrays(file: Path, arrays: dict, facts: dict) -> None:
    """Writes arrays to `file`, and `facts` with the digest to a `.json` beside it.

    Args:
        file: Path that ends in `.safetensors`.
        arrays: NumPy arrays by name.
        facts: Plain JSON values.

    Raises:
        RegardError: If the disk is full.
    """
    payload = to_bytes(arrays)
    with whole_file(file) as temporary:
        temporary.write_bytes(payload)
    manifest = facts | {"sha256": _digest(payload, facts)}
    write_text(file.with_suffix(".json"), json.dumps(manifest, indent=2) + "\n")


def read_arrays(file: Path) -> tuple[dict, dict]:
    """Returns the arrays and facts that `write_arrays` wrote.

    Raises:
        DataError: If a file is missing, altered or too large: over 2 GiB, or 16 MiB of facts.
    """
    try:
        payload = read_bounded(file, MAX_BYTES)
        facts = json.loads(read_bounded(file.with_suffix(".json"), MAX_JSON_BYTES).decode())
    except (ValueError, RecursionError) as error:
        raise DataError(f"The checkpoint {file} cannot be read: {error}") from None
    sha256 = facts.pop("sha256", None) if isinstance(facts, dict) else None
    if sha256 is None or sha256 != _digest(payload, facts):
        raise DataError(f"The checkpoint {file} is damaged: its SHA-256 is not the recorded one.")
    return from_bytes(payload, file), facts


def _digest(payload, facts):
    """SHA-256 of the arrays and of the facts after them."""
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(payload + text.encode()).hexdigest()


def save_weights(model, file: Path, facts: dict) -> None:
    """Writes a model's variables to `file`, and `facts` with the digest to a `.json` beside it.

    Args:
        model: A built Keras model.
        file: Path that ends in `.safetensors`.
        facts: Plain JSON values, such as the epoch and its metrics.

    Raises:
        RegardError: If the disk is full.
    """
    import keras

    arrays = {v.path: keras.ops.convert_to_numpy(v) for v in model.variables}
    write_arrays(file, arrays, facts)


def load_weights(model, file: Path) -> dict:
    """Reads weights back into a model of the same form.

    Args:
        model: A built Keras model.
        file: A file that `save_weights` wrote.

    Returns:
        The facts that were saved with the weights.

    Raises:
        DataError: If a file is missing or altered, or if names, shapes or values do not fit.
    """
    arrays, facts = read_arrays(file)
    expected = {v.path: tuple(v.shape) for v in model.variables}
    if {name: array.shape for name, array in arrays.items()} != expected:
        raise DataError(f"The checkpoint {file} is of another model: names or shapes differ.")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise DataError(f"The checkpoint {file} holds values that are not finite.")
    for variable in model.variables:
        variable.assign(arrays[variable.path])
    return facts

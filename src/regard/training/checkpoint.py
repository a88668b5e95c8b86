"""Weights on disk as safetensors, with a digest, written whole or not at all."""

import hashlib
import json
from pathlib import Path

import numpy as np

from regard.errors import DataError
from regard.files import whole_file, write_text


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
    from safetensors.numpy import save

    arrays = {v.path: np.array(keras.ops.convert_to_numpy(v), order="C") for v in model.variables}
    payload = save(arrays)
    with whole_file(file) as temporary:
        temporary.write_bytes(payload)
    manifest = facts | {"sha256": hashlib.sha256(payload).hexdigest()}
    write_text(file.with_suffix(".json"), json.dumps(manifest, indent=2) + "\n")


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
    from safetensors.numpy import load

    try:
        payload = file.read_bytes()
        facts = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"The checkpoint {file} cannot be read: {error}.") from None
    digest = hashlib.sha256(payload).hexdigest()
    if not isinstance(facts, dict) or facts.pop("sha256", None) != digest:
        raise DataError(f"The checkpoint {file} is damaged: its SHA-256 is not the recorded one.")
    arrays = load(payload)
    expected = {v.path: tuple(v.shape) for v in model.variables}
    if {name: array.shape for name, array in arrays.items()} != expected:
        raise DataError(f"The checkpoint {file} is of another model: names or shapes differ.")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise DataError(f"The checkpoint {file} holds values that are not finite.")
    for variable in model.variables:
        variable.assign(arrays[variable.path])
    return facts

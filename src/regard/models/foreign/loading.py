"""Has a foreign model read in a process of its own, and builds it here from what was checked."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from regard.arrays import MAX_BYTES
from regard.errors import DataError
from regard.files import read_bounded
from regard.models.foreign.archive import read_archive
from regard.models.foreign.building import built
from regard.models.foreign.config import checked_config
from regard.models.weights import unpack_into

SECONDS = 600
_CHILD = "regard.models.foreign.child"
_NO_ACCELERATOR = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}


def load_foreign(path):
    """Loads a `.keras` file that somebody else made.

    The archive and its configuration are checked here, without Keras. A process of its own, with
    limits on memory and time and without network, then builds the model and turns the HDF5 weights
    into safetensors; only if that went well the same model is built here.

    Args:
        path: The file.

    Returns:
        The Keras model, not compiled.

    Raises:
        DataError: If anything in the file is not as it should be.
    """
    config, weights = read_archive(path)
    config = checked_config(config, path)
    with tempfile.TemporaryDirectory(prefix="regard-") as folder:
        payload = _converted(config, weights, Path(folder), path)
    model = built(config, path)
    unpack_into(model, payload, path)
    return model


def _converted(config, weights, folder, path):
    """Returns the weights as safetensors bytes, from a process of its own."""
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.weights.h5").write_bytes(weights)
    command = [sys.executable, "-P", "-m", _CHILD, str(folder)]
    try:
        done = subprocess.run(
            command,
            env=os.environ | _NO_ACCELERATOR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise DataError(
            f"{path} took more than {SECONDS} seconds to read, and is refused."
        ) from None
    if (folder / "refused.txt").exists():
        reason = read_bounded(folder / "refused.txt", 4096).decode(errors="replace")
        raise DataError(f"{path} cannot be read. {reason}")
    if done.returncode:
        raise DataError(
            f"{path} cannot be read: the process that tried ended with {done.returncode}, as it "
            "does where memory or time run out."
        )
    return read_bounded(folder / "weights.safetensors", MAX_BYTES)

"""The exported file of a run, `model.onnx`, and whether it holds the run's weights."""

import hashlib
from pathlib import Path

from regard.errors import DataError
from regard.export.onnx_network import OnnxNetwork
from regard.files import read_bounded
from regard.models.stored import MAX_JSON_BYTES, MODEL

EXPORTED = "model.onnx"


def fingerprint(run):
    """Returns the SHA-256 of a run's `model.json`, or "" where there is none.

    That file holds the digest of the weights, so that it changes with them.
    """
    file = Path(run) / MODEL
    return hashlib.sha256(read_bounded(file, MAX_JSON_BYTES)).hexdigest() if file.exists() else ""


def exported(run):
    """Looks for the exported file of a run.

    Args:
        run: The run folder.

    Returns:
        `(network, None)`, or `(None, reason)` where the file cannot be used, or `(None, None)`
        where there is none.
    """
    file = Path(run) / EXPORTED
    if not file.exists():
        return None, None
    try:
        network = OnnxNetwork(file)
    except ImportError:
        return None, f"{file} is not used: ONNX Runtime is not installed (regard[export])."
    except DataError as error:
        return None, f"Not used: {error}"
    if network.made_from != (fingerprint(run) or network.made_from):
        return None, f"{file} is not used: it was not made from {MODEL} as it is now."
    return network, None

"""Loads Keras and starts its backend without the backend's start-up chatter on stderr."""

import os
import sys
from contextlib import contextmanager


def load_keras():
    """Imports Keras and runs one operation; TensorFlow writes to stderr in both steps.

    Raises:
        RegardError: If no backend is installed.
    """
    from regard import backend
    from regard.errors import RegardError

    if not backend.installed():
        raise RegardError(backend.NONE_INSTALLED)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _stderr_closed():
        import keras

        keras.ops.zeros(1)


@contextmanager
def _stderr_closed():
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)

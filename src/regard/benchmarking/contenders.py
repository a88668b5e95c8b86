"""Who is compared, and how the process of each is started."""

import importlib.util
import os
import sys

CONTENDERS = {
    "stock": "keras",
    "regard": "keras",
    "pytorch": "torch",
    "pytorch-plain": "torch",
    "jax": "jax",
}
_MODULE = "regard.benchmarking.worker"
_KERAS_FIRST = f"import keras; from {_MODULE} import main; main()"


def present():
    """Returns the names of the contenders whose package is installed."""
    return [name for name, package in CONTENDERS.items() if importlib.util.find_spec(package)]


def left_out():
    """Returns the package that is missing, by the name of each other contender."""
    here = present()
    return {name: package for name, package in CONTENDERS.items() if name not in here}


def command(name, weights, steps, rounds):
    """Returns the command line of a contender's process.

    `stock` imports Keras, and with it TensorFlow, before it meets regard and its settings.

    Args:
        name: One of `CONTENDERS`.
        weights: Path of the file with the weights to start from.
        steps: Training steps of a round.
        rounds: Number of rounds.
    """
    start = ["-c", _KERAS_FIRST] if name == "stock" else ["-m", _MODULE]
    return [sys.executable, *start, name, str(weights), str(steps), str(rounds)]


def environment(name, backend):
    """Returns the environment variables of a contender's process.

    `stock` gets none of what regard sets for TensorFlow. What PyTorch compiled in an earlier
    process is not used again, else its time to compile would not be measured.
    """
    variables = {"TF_CPP_MIN_LOG_LEVEL": "3"} | os.environ
    variables |= {"KERAS_BACKEND": backend, "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1"}
    if name == "stock":
        variables.pop("TF_ENABLE_ONEDNN_OPTS", None)
    return variables

"""The way in which a model is computed while it is trained, and why."""

import contextlib
from typing import NamedTuple

import keras

from regard.errors import UsageError
from regard.models.folding.folding import folded_model

_COMPILED = {
    "tensorflow": "a TensorFlow graph",
    "jax": "JAX, compiled",
    "torch": "PyTorch, step by step",
}


class Path(NamedTuple):
    """How the steps of a model are computed.

    Attributes:
        folded: A model with the same variables and outputs that takes less work, or None.
        compiled: Whether XLA compiles the step.
        line: The way and the reason, in one line.
    """

    folded: keras.Model | None
    compiled: bool
    line: str


def path_of(model, batch_size):
    """Returns the `Path` of a built model.

    Args:
        model: The compiled and built model.
        batch_size: Images of a step.
    """
    backend = keras.config.backend()
    compiled = bool(model.jit_compile) and not (backend == "tensorflow" and _on_cpu())
    is_eager = model.run_eagerly or (backend == "jax" and not compiled)
    way = "eager steps" if is_eager else _COMPILED[backend]
    if compiled and backend == "tensorflow" and not model.run_eagerly:
        way += " by XLA"
    folded, reason = _folded(model, batch_size)
    return Path(folded, compiled, f"Trained by {way}; {reason}")


@contextlib.contextmanager
def computed(model, path):
    """Lets a model compute its outputs by the folded one inside the block."""
    if path.folded is None:
        yield
        return
    own = model.call

    def call(inputs, training=None, mask=None):
        if mask is not None:
            return own(inputs, training=training, mask=mask)
        return path.folded.call(inputs, training)

    object.__setattr__(model, "call", call)
    try:
        yield
    finally:
        object.__delattr__(model, "call")


def _folded(model, batch_size):
    try:
        folded = folded_model(model, training=True, batch_size=batch_size)
    except UsageError as error:
        return None, f"nothing folded: {error}"
    report = folded.report
    if report.folded:
        before = sum(one.before for one in report.folded)
        after = sum(one.after for one in report.folded)
        chains = ", ".join("+".join(one.paths) for one in report.folded)
        return folded, f"folded {chains}: {before / after:.1f} times fewer multiply-adds there"
    reason = str(report.kept[0]) if report.kept else "no two linear layers in a row"
    reason = f"nothing folded: {reason}"
    forms = len(folded.instead) + len(folded.in_training)
    if not forms:
        return None, reason
    return folded, f"{reason}; layers computed by a faster kernel: {forms}"


def _on_cpu():
    import tensorflow as tf

    return not tf.config.list_logical_devices("GPU")

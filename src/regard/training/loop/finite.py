"""Watches that losses and weights stay finite, and finds where they first did not."""

import time

import keras
from keras import ops

from regard.errors import RegardError
from regard.training.loop.state import copied, restore

BETWEEN_COPIES = 2.0  # seconds


class NotFinite(RegardError):
    """The loss or a weight became NaN or infinite; the weights are those before that step."""


def is_left_to_keras(callbacks):
    """Whether a callback is there for what to do at NaN: Keras's `TerminateOnNaN`."""
    return any(isinstance(callback, keras.callbacks.TerminateOnNaN) for callback in callbacks)


class Watch:
    """Keeps a copy of a training's state, to go back to when its numbers are not finite any more.

    The copy is made at the start of an epoch and then every two seconds.

    Args:
        model: The compiled and built model.
        run: `run(first, end)` trains on the steps from `first` to `end - 1` of the epoch.
        batch: `batch(step)` gives what the model takes at a step.
        epoch: Number of the epoch, counted from 0.
        step: Number of the step of the epoch, counted from 0, that comes first.
    """

    def __init__(self, model, run, batch, epoch, step=0):
        self._model, self._run, self._batch, self._epoch = model, run, batch, epoch
        self._loss = next(m for m in model.metrics if m.name == "loss")
        self._weights = [w for w in model.weights if _all_finite(w.value)]  # no mask of -inf
        self._keep(step)

    def check(self, end):
        """Looks at the loss so far, and now and then at the weights.

        Args:
            end: The number of steps that are done.

        Raises:
            NotFinite: Names the step and the layer; the model has the weights from before it.
        """
        due = time.monotonic() - self._kept_at > BETWEEN_COPIES
        if self._not_finite(and_weights=due):
            self._explain(end)
        if due:
            self._keep(end)

    def finish(self, end):
        """Looks at the loss and the weights once more, at the end of an epoch."""
        if self._not_finite(and_weights=True):
            self._explain(end)

    def undo(self):
        """Goes back to the last copy."""
        restore(self._model, self._values)

    def _keep(self, step):
        self._step, self._values = step, copied(self._model)
        self._kept_at = time.monotonic()

    def _not_finite(self, and_weights):
        """Names the loss, or the first weight, that is not finite; None if all are."""
        if not _all_finite(self._loss.result()):
            return "The loss"
        wrong = (w.path for w in self._weights if and_weights and not _all_finite(w.value))
        return next((f"The weight {path}" for path in wrong), None)

    def _explain(self, end):
        """Goes back to the last copy and does its steps again, one at a time."""
        self.undo()
        for step in range(self._step, end):
            before = copied(self._model)
            self._run(step, step + 1)
            wrong = self._not_finite(and_weights=True)
            if wrong:
                restore(self._model, before)
                where = _first_not_finite(self._model, self._batch(step))
                restore(self._model, before)  # to look there moved averages and seeds
                raise NotFinite(
                    f"{wrong} is not finite at step {step + 1} of epoch {self._epoch + 1}: "
                    f"{where}. The weights from before that step are kept. Look for NaN in the "
                    "data, or lower the learning rate."
                )
        raise NotFinite(
            f"The loss became infinite or NaN between the steps {self._step + 1} and {end} of "
            f"epoch {self._epoch + 1}, but did not when they were done again; their weights are "
            "kept."
        )


def _first_not_finite(model, x):
    """Says where numbers first leave the finite ones in a forward pass."""
    if not _all_finite(x):
        return "the input itself is not"
    found = []

    def watched(layer):
        call = layer.call

        def watching(*args, **kwargs):
            output = call(*args, **kwargs)
            if not found and not _all_finite(output):
                found.append(layer)
            return output

        return watching

    layers = _layers(model)
    for layer in layers:
        object.__setattr__(layer, "call", watched(layer))
    try:
        model(x, training=True)
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")
    if found:
        return f"the output of {found[0].name} ({type(found[0]).__name__}) left the finite numbers"
    return "the outputs of all layers are finite"


def _layers(model):
    """The layers of a model, those inside others and operations such as `keras.ops.log` too."""
    layers = model._flatten_layers(include_self=False)
    graphs = (one for one in model._flatten_layers() if isinstance(one, keras.Function))
    operations = (one for graph in graphs for one in graph.operations)
    return list({id(one): one for one in (*layers, *operations)}.values())


def _all_finite(values):
    tensors = (value for value in keras.tree.flatten(values) if ops.is_tensor(value))
    floats = (t for t in tensors if "float" in keras.backend.standardize_dtype(t.dtype))
    return all(bool(ops.all(ops.isfinite(t))) for t in floats)

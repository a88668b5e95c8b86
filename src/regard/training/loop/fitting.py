"""Trains a compiled Keras model on arrays: `model.fit` with the data on the device."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from regard.training.loop import arrays, finite, heap, hooks, memory, refusals
from regard.training.loop.keeper import Keeper, Position
from regard.training.loop.order import drawn_seed, epoch_order, spans
from regard.training.loop.samples import OnDevice, OnDisk, samples_of
from regard.training.loop.steps import steps_of, train_or_eagerly


def fit(
    model,
    x,
    y=None,
    batch_size=32,
    epochs=1,
    *,
    verbose="auto",
    callbacks=None,
    validation_split=0.0,
    validation_data=None,
    shuffle=True,
    class_weight=None,
    sample_weight=None,
    initial_epoch=0,
    steps_per_epoch=None,
    validation_steps=None,
    validation_batch_size=None,
    validation_freq=1,
    seed=None,
    prepare=None,
    checkpoints=None,
    say=None,
):
    """Trains a compiled model as `model.fit` does, with fewer things to wait for.

    The arrays are put on the device once, in the type they have, and each step picks its batch
    there by index. What can be folded is (see `regard.models.fold`); `model` keeps its variables
    and is what is trained. TensorFlow runs up to 64 steps in one call and on a CPU without XLA,
    JAX sends its steps without waiting for them, PyTorch runs them eagerly. A model that cannot
    be folded or compiled is trained all the same. Every step is Keras's own `train_step`: losses,
    metrics, weights, regularisers, random layers and loss scaling are those of `model.fit`, and
    with `shuffle=False` so are the weights afterwards, up to rounding.

    Where the loss or a weight leaves the finite numbers the training stops, and the model keeps
    the weights from before that step.

    A callback with a hook for batches (`TerminateOnNaN`, `on_train_batch_end`, …) is called at
    every batch as in Keras, one step a call. The progress bar moves once a call of up to 64 steps;
    a callback with the attribute `every_batch = False` is called likewise.

    Args:
        model: A Sequential, functional or subclassed Keras model after `model.compile`.
        x: Array `(n, …)`, or a list, tuple or dict of arrays for a model of several inputs. Of a
            `np.memmap` 64 MiB lie on the device at once; what follows is read meanwhile.
        y: Targets likewise.
        batch_size: Samples a step; the last step of an epoch takes what is left.
        epochs: Number of the epoch to stop before; with `initial_epoch=0` how many to train.
        verbose: As in `model.fit`.
        callbacks: Keras callbacks; not `BackupAndRestore`.
        validation_split: Part of the arrays, 0…1, cut off at their end to validate on.
        validation_data: `(x, y)` or `(x, y, sample_weight)` to validate on instead.
        shuffle: Whether each epoch meets the samples in another order.
        class_weight: From class index to the weight of its samples in the loss.
        sample_weight: Weight of each sample in the loss, `(n,)`.
        initial_epoch: Number of the first epoch, counted from 0.
        steps_per_epoch: Refused: an epoch sees all samples.
        validation_steps: Refused likewise.
        validation_batch_size: Samples a validation step; by default `batch_size`.
        validation_freq: Validate every so many epochs, or after those in a list, counted from 1.
        seed: Of the order of samples; by default drawn, after `keras.utils.set_random_seed`
            always the same. The same seed gives the same order on every backend. Layers keep
            their own seeds.
        prepare: A function from a batch of `x` to what the model takes, run inside the compiled
            step in training and validation: with `lambda x: x / 255` images stay uint8. Pass
            the same function object again, else the step is compiled again.
        checkpoints: A `regard.training.Checkpoints`, or None. The whole state is written there
            between steps now and then, at Ctrl-C, at SIGTERM and at the end; and training goes on
            from the newest state there, in the middle of an epoch too, towards the weights of a
            training that was never interrupted.
        say: Called with the line that says how the steps are computed and why, and with other
            such lines; `print` by default, or nothing with `verbose=0`.

    Returns:
        A `keras.callbacks.History`, with the keys of `model.fit`.

    Raises:
        UsageError: If the model or an argument is not supported; before any training.
        DataError: If the arrays do not fit each other, or the state in `checkpoints` not them.
        NotFinite: At a loss or weight that is NaN or infinite; names the step and the layer.
        OutOfMemory: With a batch size to try.
        KeyboardInterrupt: With `checkpoints`, at Ctrl-C or SIGTERM, after the state is written.

    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse", run_eagerly=True)
        >>> sorted(fit(model, np.ones((8, 3)), np.ones(8), verbose=0).history)
        ['loss']
    """
    refusals.check_model(model)
    refusals.check_arguments(locals())
    data = arrays.checked(x, y, sample_weight)
    validation = None
    if validation_data is not None:
        validation = arrays.checked(*_unpacked(validation_data))
    elif validation_split:
        data, validation = arrays.split(data, validation_split)
    if class_weight is not None:
        data = (*data[:2], arrays.class_weights(data[1], class_weight))
    heap.keep_freed_memory()
    training = samples_of(data, batch_size)
    validation = validation and samples_of(validation, validation_batch_size or batch_size)
    with memory.explained(batch_size):
        _build(model, training, prepare)
    say = say or (print if verbose else _say_nothing)
    steps = steps_of(model, prepare, batch_size)
    say(steps.path.line)
    train = train_or_eagerly(model, prepare, steps, say)
    seed = (drawn_seed() if seed is None else seed) if shuffle else None
    listeners = _listeners(model, callbacks, verbose, epochs, training.steps)
    start = Position(initial_epoch, 0, seed)
    run = _Run(model, train, steps.test, training, validation, validation_freq, listeners, prepare)

    model.stop_training = False
    if checkpoints is None:
        listeners.on_train_begin()
        logs = _epochs(run, start, epochs, keeper=None)
    else:
        shape = {"samples": training.count, "batch_size": batch_size}
        keeper = Keeper(model, listeners, checkpoints, shape, training.steps)
        keeper.read()
        listeners.on_train_begin()
        with keeper.stops_between_steps():
            logs = _epochs(run, keeper.go_on(start), epochs, keeper)
    if epochs:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    listeners.on_train_end(logs)
    return model.history


class _Run(NamedTuple):
    """What every epoch needs."""

    model: keras.Model
    train: Callable
    test: Callable
    training: OnDevice | OnDisk
    validation: OnDevice | OnDisk | None
    validation_freq: int | list
    listeners: keras.callbacks.CallbackList
    prepare: Callable | None


def _epochs(run, start, epochs, keeper):
    """Trains from a position to the end and returns the last logs."""
    logs = None
    for epoch in range(start.epoch, epochs):
        position = Position(epoch, start.step if epoch == start.epoch else 0, start.seed)
        run.listeners.on_epoch_begin(epoch)
        if position.step:
            keeper.put_variables_back()  # an epoch that goes on has begun before
        logs = _train(run, position, keeper)
        if run.validation and _is_due(run.validation_freq, epoch):
            with memory.explained(run.validation.batch_size):
                scores = _test(run.model, run.test, run.validation, run.listeners)
            logs |= {f"val_{name}": value for name, value in scores.items()}
        run.listeners.on_epoch_end(epoch, logs)
        is_last = epoch + 1 == epochs or run.model.stop_training
        if keeper and is_last:
            keeper.finish(Position(epochs, 0, start.seed))
        elif keeper:
            keeper.between_steps(Position(epoch + 1, 0, start.seed))
        if is_last:
            break
    return logs


def _unpacked(validation_data):
    if not isinstance(validation_data, list | tuple):
        return (validation_data,)
    return keras.utils.unpack_x_y_sample_weight(tuple(validation_data))


def _build(model, part, prepare):
    first = part.rows(np.arange(min(part.batch_size, part.count)), prepare)
    try:
        model._symbolic_build(data_batch=first)
    except RuntimeError:  # a layer looks at values, which a symbol has not
        _call(model, *first)
        model._symbolic_build(data_batch=first)
    refusals.check_trainable(model)


def _call(model, x, y, sample_weight):
    """Builds the model, its loss and its metrics by one call."""
    y_pred = model(x, training=False)
    model._compute_loss(x, y, y_pred, sample_weight, training=False)
    model.compute_metrics(x, y, y_pred, sample_weight)


def _listeners(model, callbacks, verbose, epochs, steps):
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    return keras.callbacks.CallbackList(
        callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        model=model,
        verbose=verbose,
        epochs=epochs,
        steps=steps,
    )


def _train(run, position, keeper):
    """Trains the rest of an epoch and returns its logs."""
    model, part, prepare = run.model, run.training, run.prepare
    order = epoch_order(part.count, position.seed, position.epoch)

    def train(first, end):
        for data, rows, start, stop in part.pieces(order, first, end):
            run.train(data, rows, part.batch_size, start, stop)

    def inputs(step):
        return part.rows(order[step * part.batch_size : (step + 1) * part.batch_size], prepare)[0]

    def kept(step):
        if keeper and step < part.steps:
            keeper.between_steps(position._replace(step=step))

    if not position.step:
        model.reset_metrics()
    watch = finite.Watch(model, train, inputs, position.epoch, position.step)
    with memory.explained(part.batch_size, watch.undo):
        _run_epoch(model, train, position.step, part.steps, run.listeners, watch, kept)
        return _read(model)


def _run_epoch(model, train, start, steps, listeners, watch, kept):
    calls = hooks.train_calls(listeners, model)
    watches = not finite.is_left_to_keras(listeners.callbacks)
    end = start
    for first, end in spans(start, steps, calls.least, calls.most):
        if calls.heard:
            listeners.on_train_batch_begin(first)
        train(first, end)
        if calls.heard:
            listeners.on_train_batch_end(end - 1, _read(model))
        if model.stop_training:
            return
        if watches:
            watch.check(end)
        kept(end)
    if watches:
        watch.finish(end)


def _test(model, test, part, listeners):
    model.reset_metrics()
    listeners.on_test_begin()
    calls = hooks.test_calls(listeners, model)
    order = epoch_order(part.count, None, 0)
    for first, end in spans(0, part.steps, calls.least, calls.most):
        if calls.heard:
            listeners.on_test_batch_begin(first)
        for data, rows, start, stop in part.pieces(order, first, end):
            test(data, rows, part.batch_size, start, stop)
        if calls.heard:
            listeners.on_test_batch_end(end - 1, _read(model))
    scores = _read(model)
    listeners.on_test_end(scores)
    return scores


def _read(model):
    results = model.get_metrics_result()
    values = {name: keras.ops.convert_to_numpy(value) for name, value in results.items()}
    return {name: float(v) if v.ndim == 0 else v for name, v in values.items()}


def _say_nothing(line):
    pass


def _is_due(validation_freq, epoch):
    if isinstance(validation_freq, int):
        return (epoch + 1) % validation_freq == 0
    return epoch + 1 in validation_freq

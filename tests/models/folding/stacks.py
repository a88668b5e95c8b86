"""Stacks of layers to fold, and what they give."""

from unittest import mock

import numpy as np

from regard.models.folding import chains, fold

import keras  # isort: skip


def numpy(x):
    return np.array(keras.ops.convert_to_numpy(x))


def randomise(model):
    """Gives each variable values of its own, a variance positive ones."""
    rng = np.random.default_rng(0)
    for variable in model.variables:
        low = 0.5 if "variance" in variable.path else -1
        if "seed" not in variable.path:
            variable.assign(rng.uniform(low, 1, variable.shape))


def sequential(shape, *layers, dtype="float64"):
    """Returns a model of random values that computes in `dtype`."""
    policy = keras.DTypePolicy(dtype)
    for layer in layers:
        layer.dtype_policy = policy
    image = keras.Input(shape, dtype=policy.variable_dtype)
    model = keras.Sequential([image, *layers], name="stack")
    randomise(model)
    return model


def fold_all(model, **options):
    """Folds wherever it is exact, whatever it costs."""
    with mock.patch.object(chains.Plan, "_cost", lambda plan, linear: 1):
        return fold(model, **options)


def pictures(model, count=3):
    return np.random.default_rng(1).normal(size=(count, *model.input_shape[1:]))


def tolerance(model):
    """Of values near 1; Keras computes in float32 at places outside TensorFlow, also in float64."""
    double = {variable.dtype for variable in model.variables} == {"float64"}
    return 1e-12 if double and keras.config.backend() == "tensorflow" else 2e-6


def assert_equal_outputs(model, folded):
    x = pictures(model)
    expected, found = (numpy(one(x, training=False)) for one in (model, folded))
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance(model) * max(np.abs(expected).max(), 1)


def values(model):
    return [numpy(variable) for variable in model.variables]


def set_values(model, wanted):
    for variable, value in zip(model.variables, wanted, strict=True):
        variable.assign(value)


def step(one, model, optimizer, x, y):
    """Returns the loss and the model's variables after a training step of it or of its folded."""
    one.compile(optimizer, "mse", run_eagerly=True)
    loss = one.train_on_batch(x, y)
    return loss, values(model)

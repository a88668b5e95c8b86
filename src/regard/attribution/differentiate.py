"""Gradients on TensorFlow, JAX and PyTorch: one function, compiled where the backend compiles."""

import keras
import numpy as np

from regard.attribution.batches import filled_up


def compile_gradient(function, variables):
    """Makes a function that differentiates `function` by its first argument.

    Args:
        function: Gives `(value, extra)` from tensors with a row for each of a batch: a scalar,
            and tensors with a row for each.
        variables: The Keras variables that it reads.

    Returns:
        A function from NumPy arrays to `(gradient, extra)`, NumPy arrays too. On TensorFlow and
        JAX it is compiled at its first call, and again only for a larger batch.
    """
    return _to_numpy(_GRADIENTS[keras.config.backend()](function, variables))


def compile_function(function, variables):
    """Makes a function from NumPy arrays to NumPy arrays of one from tensors to tensors.

    Args:
        function: Gives tensors from tensors, all with a row for each of a batch.
        variables: The Keras variables that it reads.
    """
    return _to_numpy(_FUNCTIONS[keras.config.backend()](function, variables))


def _to_numpy(function):
    def call(*arrays):
        tensors = [keras.ops.convert_to_tensor(np.asarray(a, "float32")) for a in arrays]
        return keras.tree.map_structure(keras.ops.convert_to_numpy, function(*tensors))

    return filled_up(call)


def _tensorflow_gradient(function, variables):
    import tensorflow as tf

    def gradient(by, *others):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(by)
            value, extra = function(by, *others)
        return tape.gradient(value, by, unconnected_gradients="zero"), extra

    return _traced(tf.function(gradient, autograph=False))


def _tensorflow_function(function, variables):
    import tensorflow as tf

    return _traced(tf.function(function, autograph=False))


def _traced(function):
    """Calls the graph of the tensors' shapes: TensorFlow would warn of many short-lived ones."""
    return lambda *tensors: function.get_concrete_function(*tensors)(*tensors)


def _jax_gradient(function, variables):
    import jax

    def gradient(values, *tensors):
        with keras.StatelessScope(list(zip(variables, values, strict=True))):
            return jax.grad(function, has_aux=True)(*tensors)

    return _with_values(jax.jit(gradient), variables)


def _jax_function(function, variables):
    import jax

    def call(values, *tensors):
        with keras.StatelessScope(list(zip(variables, values, strict=True))):
            return function(*tensors)

    return _with_values(jax.jit(call), variables)


def _with_values(function, variables):
    """Hands the variables over as arguments: as constants they would be compiled in."""
    return lambda *tensors: function([variable.value for variable in variables], *tensors)


def _torch_gradient(function, variables):
    import torch

    def gradient(by, *others):
        by = by.detach().requires_grad_(True)
        with torch.enable_grad():
            value, extra = function(by, *others)
            (found,) = torch.autograd.grad(value, by, materialize_grads=True)
        return found, keras.tree.map_structure(torch.Tensor.detach, extra)

    return gradient


def _torch_function(function, variables):
    import torch

    return torch.no_grad()(function)


_GRADIENTS = {
    "tensorflow": _tensorflow_gradient,
    "jax": _jax_gradient,
    "torch": _torch_gradient,
}
_FUNCTIONS = {
    "tensorflow": _tensorflow_function,
    "jax": _jax_function,
    "torch": _torch_function,
}

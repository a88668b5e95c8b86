"""All that a training changes: the variables of a model, its optimizer and its metrics."""

import keras
from keras import ops


def variables(model):
    """Returns the variables of a compiled and built model that training changes, in a fixed order.

    The states of random layers, such as dropout and augmentation, are among them.
    """
    return model.variables + model.optimizer.variables + model.metrics_variables


def copied(model):
    """Returns the values of all variables, on the device."""
    return [ops.copy(variable.value) for variable in variables(model)]


def restore(model, values):
    """Puts values back into all variables."""
    for variable, value in zip(variables(model), values, strict=True):
        variable.assign(value)


def random_states():
    """Returns the states of random numbers that no variable holds, as arrays.

    Only PyTorch has such: a dropout without a seed draws from PyTorch's own generators.
    """
    if keras.config.backend() != "torch":
        return []
    import torch

    return [state.numpy() for state in (torch.get_rng_state(), *torch.cuda.get_rng_state_all())]


def set_random_states(states):
    """Puts back what `random_states` gave."""
    if not states:
        return
    import torch

    first, *others = (torch.tensor(state) for state in states)  # which are not to be written to
    torch.set_rng_state(first)
    torch.cuda.set_rng_state_all(others)

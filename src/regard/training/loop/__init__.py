"""A training loop that wastes nothing: `fit` takes the arguments of Keras's `model.fit`."""

from regard.training.loop.fitting import fit

__all__ = ["fit"]

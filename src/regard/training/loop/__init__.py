"""Training of a Keras model on arrays, with fewer things to wait for than in `model.fit`."""

from regard.training.loop.finite import NotFinite
from regard.training.loop.fitting import fit

__all__ = ["NotFinite", "fit"]

"""What every attribution method starts from: a network, images, and a class for each."""

from dataclasses import dataclass

import keras
import numpy as np

from regard.attribution import differentiate
from regard.attribution.batches import in_batches
from regard.attribution.network import Network, trace
from regard.attribution.scores import logits
from regard.errors import UsageError
from regard.models.inputs import as_batch


@dataclass(frozen=True)
class Task:
    """Images to explain to a network's score of one class each.

    Attributes:
        network: The model, traced.
        images: `(batch, ...)` as the model takes them, float32.
        one_hot: The class of each image, `(batch, classes)`.
        batch_size: Images at a time.
    """

    network: Network
    images: np.ndarray
    one_hot: np.ndarray
    batch_size: int

    def to_plane(self, values):
        """Sums values of the images' shape over the channels, to `(batch, rows, columns)`."""
        return values.sum(self.network.channel_axis)

    def on_image(self, maps):
        """Gives maps `(batch, rows, columns)` the images' channel axis, of size 1."""
        return np.expand_dims(maps, self.network.channel_axis)

    def blank(self):
        """Returns a map of zeros for each image, `(batch, rows, columns)`, float64."""
        return np.zeros((len(self.images), *self.network.image_size))


def prepare(model, images, classes, batch_size) -> Task:
    """Checks the arguments that all methods share.

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, at least 1.

    Raises:
        DataError: If the images do not fit the model, or if it gives no row of classes.
        UsageError: If a class is out of range, or batch_size below 1.
    """
    at_least("batch_size", batch_size, 1)
    images = as_batch(images, model)
    network = trace(model, images.shape[1:])
    chosen = _chosen(network, images, classes, batch_size)
    return Task(network, images, np.eye(network.classes, dtype="float32")[chosen], batch_size)


def at_least(name, value, least):
    """Refuses an argument that is no integer of at least `least`.

    Raises:
        UsageError: If it is not.
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise UsageError(f"{name} must be an integer of at least {least}, not {value!r}.")


def _chosen(network, images, classes, batch_size):
    if classes is None:
        return _predicted(network, images, batch_size)
    chosen = np.asarray(classes)
    if chosen.dtype.kind not in "iu" or chosen.shape not in ((), (len(images),)):
        raise UsageError(
            f"classes must be None, an integer, or {len(images)} integers, one for each image, "
            f"not {classes!r}."
        )
    if chosen.min() < 0 or chosen.max() >= network.classes:
        raise UsageError(
            f"{network.name} has the classes 0 to {network.classes - 1}, not {classes!r}."
        )
    return np.broadcast_to(chosen, len(images))


def _predicted(network, images, batch_size):
    def best(batch):
        return keras.ops.argmax(logits(network, batch), -1)

    run = differentiate.compile_function(best, network.variables)
    return in_batches(run, [images], batch_size)

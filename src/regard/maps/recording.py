"""Keeps the maps of some images during training, to see how the attention came about."""

import keras

from regard.errors import UsageError
from regard.maps.read import attention_maps


class RecordMaps(keras.callbacks.Callback):
    """Keeps where a network looks after each epoch; the network stays as it is.

    Args:
        images: What the model takes, as for `regard.attention_maps`; a few.
        layer: Path of the attention layer; by default the one that the maps draw.
        every: Epochs from one record to the next, at least 1: after epochs `every`,
            `2 * every`, ….

    Attributes:
        frames: Pairs of a label, such as "epoch 1", and the maps on the images then,
            `(batch, rows, columns)`; what `regard.reports.animation` takes.

    Raises:
        UsageError: If `every` is not as described.

    Example:
        >>> import numpy as np
        >>> from regard import models
        >>> record = RecordMaps(np.zeros((2, 28, 28)))
        >>> record.set_model(models.tutorial())
        >>> record.on_epoch_end(0)
        >>> [(label, maps.shape) for label, maps in record.frames]
        [('epoch 1', (2, 28, 28))]
    """

    def __init__(self, images, layer=None, every=1):
        super().__init__()
        if not isinstance(every, int) or every < 1:
            raise UsageError(f"every must be an integer of at least 1, not {every!r}.")
        self.images = images
        self.layer = layer
        self.every = every
        self.frames = []

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        maps = attention_maps(self.model, self.images, layer=self.layer)
        self.frames.append((f"epoch {epoch + 1}", maps.to_images()))

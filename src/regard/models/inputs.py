"""Bringing images into the form that a model takes."""

import keras
import numpy as np

from regard.errors import DataError


def channel_axis(model):
    """Returns the axis of an image batch that holds the channels: -1 or 1.

    It is that of the first layer that has a data format, or else Keras's setting.
    """
    formats = (getattr(layer, "data_format", None) for layer in model._flatten_layers())
    known = next(filter(None, formats), keras.config.image_data_format())
    return -1 if known == "channels_last" else 1


def as_batch(images, model):
    """Adds the batch and the channel axis where they are missing, and checks the shape.

    Args:
        images: Array `(batch, rows, columns, channels)`; one image without the batch axis and
            grey images without the channel axis are accepted. Values are left as they are.
        model: A Keras model with one input.

    Returns:
        The images as float32 with all axes.

    Raises:
        DataError: If there are none, if a value is not finite, or if the shape does not fit.
    """
    images = np.asarray(images)
    if images.size == 0:
        raise DataError(f"There are no images: the array has shape {images.shape}.")
    if images.dtype.kind not in "buif":
        raise DataError(f"Images must be numbers, but the array holds {images.dtype}.")
    images = images.astype("float32")
    if not np.isfinite(images).all():
        raise DataError("The images hold values that are not finite. Replace NaN and infinity.")
    expected = _input_shape(model)
    one, grey = images[None], images[..., None]
    either = (one, grey) if expected[-1] else (grey, one)
    for candidate in (images, *either, one[..., None]):
        if _fits(candidate.shape[1:], expected):
            return candidate
    raise DataError(
        f"{model.name} takes images of shape (batch, {', '.join(map(str, expected))}), but got "
        f"{images.shape}."
    )


def _input_shape(model):
    shape = getattr(model, "input_shape", None)
    if shape is None:
        return (None, None, None)
    if isinstance(shape, list | dict):
        raise DataError(f"{model.name} takes {len(shape)} inputs; only one image is supported.")
    return tuple(shape[1:])


def _fits(shape, expected):
    return len(shape) == len(expected) and all(
        want in (None, have) for have, want in zip(shape, expected, strict=True)
    )

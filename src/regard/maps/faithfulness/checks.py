"""Checks what the measures are given, and brings it into one form."""

import numpy as np

from regard.errors import DataError, UsageError
from regard.maps.faithfulness.network import predicted_classes
from regard.models.inputs import as_batch, channel_axis

FLAT = 1e-6


def prepare(model, images, classes, batch_size=256):
    """Brings images and classes into the form that all measures take.

    Args:
        model: A Keras model that gives class probabilities.
        images: What the model takes; the channel axis may be left out for grey images.
        classes: Class of each image, one for all, or None for the predicted ones.
        batch_size: Images at a time.

    Returns:
        `(images, classes, axis)`, where axis is that of the channels, -1 or 1.

    Raises:
        DataError: If images do not fit the model or a class is out of range.
        UsageError: If `batch_size` is not a positive integer.
    """
    if not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise UsageError(f"batch_size must be an integer of at least 1, not {batch_size!r}.")
    images = as_batch(images, model)
    if images.ndim != 4:
        raise DataError(f"Images must have rows, columns and channels, not shape {images.shape}.")
    predicted, count = predicted_classes(model, images, batch_size)
    if classes is None:
        return images, predicted, channel_axis(model)
    classes = np.asarray(classes)
    if classes.shape not in ((), (len(images),)) or classes.dtype.kind not in "ui":
        raise DataError(
            f"classes must be an integer or {len(images)} of them, one an image, not "
            f"{classes.dtype} of shape {classes.shape}."
        )
    if classes.min() < 0 or classes.max() >= count:
        raise DataError(
            f"classes must lie in 0…{count - 1}, the classes of {model.name}, not "
            f"{classes.min()}…{classes.max()}."
        )
    return images, np.broadcast_to(classes, len(images)), channel_axis(model)


def image_size(images, axis):
    """Returns `(rows, columns)` of images with their channels on `axis`."""
    return images.shape[1:3] if axis == -1 else images.shape[2:]


def check_maps(maps, images, axis):
    """Brings maps into float64; those that are flat but for rounding become exactly flat.

    Args:
        maps: Array `(..., batch, rows, columns)`, or an object with `to_images()`.
        images: The images they belong to.
        axis: Axis of the channels, -1 or 1.

    Raises:
        DataError: If the maps have another shape or are not finite.
    """
    maps = np.asarray(maps.to_images() if hasattr(maps, "to_images") else maps)
    expected = (len(images), *image_size(images, axis))
    if maps.ndim < 3 or maps.shape[-3:] != expected:
        raise DataError(
            f"Maps must have the images' shape (batch, rows, columns) = {expected}, not "
            f"{maps.shape}."
        )
    if maps.dtype.kind not in "buif" or not np.isfinite(maps).all():
        raise DataError("Maps must be finite numbers. Replace NaN and infinity.")
    maps = maps.astype(np.float64)
    low, high = maps.min(axis=(-2, -1), keepdims=True), maps.max(axis=(-2, -1), keepdims=True)
    flat = high - low <= FLAT * np.maximum(abs(low), abs(high))
    return np.where(flat, high, maps)


def check_masks(masks, shape):
    """Checks masks of where the object is, against the shape `(batch, rows, columns)` of maps.

    Raises:
        DataError: If they have another shape, are no booleans, or one of them is empty.
    """
    masks = np.asarray(masks)
    if masks.shape != shape:
        raise DataError(f"masks must have the maps' shape {shape}, not {masks.shape}.")
    if masks.dtype != bool:
        raise DataError(f"masks must be booleans, True on the object, not {masks.dtype}.")
    empty = np.flatnonzero(~masks.any(axis=(1, 2)))
    if len(empty):
        raise DataError(f"The mask of image {empty[0]} is empty. Leave such images out.")
    return masks


def check_count(name, value, least=1):
    """Raises UsageError unless `value` is an integer of at least `least`."""
    if not isinstance(value, int | np.integer) or value < least:
        raise UsageError(f"{name} must be an integer of at least {least}, not {value!r}.")


def check_shares(name, shares):
    """Raises UsageError unless all shares of an image's pixels lie between 0 and 1."""
    values = np.asarray(shares, np.float64)
    if values.ndim != 1 or not len(values) or not ((values > 0) & (values < 1)).all():
        raise UsageError(f"{name} must be numbers between 0 and 1, such as (0.1, 0.5).")

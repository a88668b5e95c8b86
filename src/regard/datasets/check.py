"""Checks images and labels, and brings them into one form."""

import numpy as np
from numpy.typing import ArrayLike

from regard.errors import DataError

_MAX_CLASSES = 2**31


def as_images(images: ArrayLike) -> np.ndarray:
    """Checks images and brings them into the form that models take.

    Args:
        images: uint8, 0…255, or floats, 0…1, of shape `(n, rows, columns)` or
            `(n, rows, columns, channels)` with 1 or 3 channels; or one picture, `(rows,
            columns)` or `(rows, columns, channels)`. Three axes of which the last is 1 or 3
            long are one picture.

    Returns:
        float32, 0…1, `(n, rows, columns, channels)`.

    Raises:
        DataError: The images are empty, of another shape or type, or out of range.

    Example:
        >>> as_images(np.full((2, 28, 28), 255, np.uint8)).shape
        (2, 28, 28, 1)
    """
    array = as_pixels(images)
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(255)
    return array


def as_pixels(images: ArrayLike) -> np.ndarray:
    """Checks images and gives them all axes, like `as_images`, but leaves uint8 as it is.

    Args:
        images: As for `as_images`.

    Returns:
        uint8, 0…255, of a `np.memmap` on disk still, or float32, 0…1; `(n, rows, columns,
        channels)`.

    Raises:
        DataError: As for `as_images`.

    Example:
        >>> as_pixels(np.full((2, 28, 28), 255, np.uint8)).max()
        np.uint8(255)
    """
    array = _with_axes(_as_array(images, "images"))
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"The images are {array.dtype}; give uint8, 0…255, or floats, 0…1.")
    if not np.isfinite(array).all():
        raise DataError("The images hold NaN or infinity.")
    if array.min() < 0 or array.max() > 1:
        raise DataError(
            f"The images run from {array.min():g} to {array.max():g}; floats must lie in 0…1. "
            "If they are 0…255, divide by 255."
        )
    return array.astype(np.float32)


def as_labels(
    labels: ArrayLike, classes: int | None = None, count: int | None = None
) -> np.ndarray:
    """Checks labels and brings them into the form that training takes.

    Args:
        labels: Whole numbers from 0, `(n,)` or `(n, 1)`, or one-hot rows, `(n, classes)` with
            at least two classes.
        classes: How many classes there are; None takes any number.
        count: How many images the labels belong to; None takes any number.

    Returns:
        int64, `(n,)`, each at least 0 and below `classes`.

    Raises:
        DataError: The labels are empty, soft, not whole, out of range, of another shape, or not
            as many as the images.

    Example:
        >>> as_labels([[0, 1, 0], [1, 0, 0]], classes=3)
        array([1, 0])
    """
    array = _as_array(labels, "labels")
    if array.dtype.kind not in "buif":
        raise DataError(f"The labels are {array.dtype}; give whole numbers from 0, or one-hot.")
    if array.ndim == 2 and array.shape[1] > 1:
        whole = _from_one_hot(array, classes)
    elif array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1):
        whole = _from_numbers(array.reshape(-1), classes)
    else:
        raise DataError(f"The labels have shape {array.shape}; give (n,), (n, 1) or (n, classes).")
    if count is not None and len(whole) != count:
        raise DataError(f"There are {len(whole)} labels for {count} images.")
    return whole


def _as_array(values, what):
    try:
        array = values if isinstance(values, np.memmap) else np.asarray(values)
    except ValueError as error:
        raise DataError(f"The {what} are not all of one shape.") from error
    if array.size == 0:
        raise DataError(f"There are no {what} (shape {array.shape}).")
    return array


def _with_axes(array):
    shape = array.shape
    if array.ndim == 2:
        return array[None, ..., None]
    if array.ndim == 3:
        return array[None] if shape[-1] in (1, 3) else array[..., None]
    if array.ndim == 4 and shape[-1] in (1, 3):
        return array
    raise DataError(
        f"The images have shape {shape}; give (n, rows, columns) or "
        "(n, rows, columns, channels) with 1 or 3 channels."
    )


def _from_one_hot(array, classes):
    if classes is not None and array.shape[1] != classes:
        raise DataError(f"The labels have shape {array.shape}, which is not (n, {classes}).")
    if not (((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()):
        raise DataError(
            f"The labels, of shape {array.shape}, are not one-hot: each row needs a single 1 among "
            "0s. Soft labels are not taken; use labels.argmax(axis=1)."
        )
    return array.argmax(axis=1).astype(np.int64)


def _from_numbers(array, classes):
    if not np.isfinite(array).all() or (array != np.trunc(array)).any():
        raise DataError("The labels hold NaN, infinity or fractions; give whole numbers from 0.")
    bound = _MAX_CLASSES if classes is None else classes
    wrong = [value for value in (array.min(), array.max()) if not 0 <= int(value) < bound]
    if wrong:
        raise DataError(
            f"Label {int(wrong[0])} is out of range: {bound} classes are 0…{bound - 1}."
        )
    return array.astype(np.int64)

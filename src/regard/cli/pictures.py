"""Reads pictures from the command line into the form that a model takes."""

import numpy as np


def read_for(model, paths):
    """Returns the files found, and their pictures as float32 in 0…1 in the model's size."""
    from regard.models.inputs import channel_axis

    if channel_axis(model) == -1:
        return read_as(model.input_shape[1:], paths)
    files, pictures = read_as(np.roll(model.input_shape[1:], -1), paths)
    return files, np.moveaxis(pictures, -1, 1)


def read_as(shape, paths):
    """Returns the files found, and their pictures as float32 in 0…1.

    Args:
        shape: `(rows, columns, channels)`; where rows or columns are None, those of the first.
        paths: Files and folders.
    """
    from regard.datasets.check import as_images
    from regard.datasets.picture import find_pictures, read_original, read_picture

    rows, columns, channels = shape
    files = find_pictures(paths)
    if rows is None or columns is None:
        rows, columns = read_original(files[0]).shape[:2]
    pictures = [read_picture(file, (rows, columns), channels) for file in files]
    return files, as_images(np.stack(pictures))


def read_originals(files):
    """Returns pictures upright, in their own sizes, uint8."""
    from regard.datasets.picture import read_original

    return [read_original(file) for file in files]

"""The gradient of a score by the pixels, alone and times the pixels."""

from regard.attribution.batches import in_batches
from regard.attribution.scores import compile_image_gradient
from regard.attribution.task import prepare


def gradient(model, images, classes=None, batch_size=32):
    """Returns how much a class's score rises for a small rise of each pixel.

    `sum_c d score / d x[r, k, c]`: the sum over the channels, with its sign (Simonyan et al.,
    arXiv:1312.6034, who take the largest absolute value over the channels instead).

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, at least 1.

    Returns:
        Float32 `(batch, rows, columns)`, of any sign: logit per unit of the pixel.

    Raises:
        DataError: If the images do not fit the model, or if it gives no row of classes.
        UsageError: If a class is out of range, or batch_size below 1.

    Example:
        >>> import numpy as np
        >>> from regard import models
        >>> gradient(models.tutorial(attention=None), np.ones((2, 28, 28)), classes=3).shape
        (2, 28, 28)
    """
    task = prepare(model, images, classes, batch_size)
    run = compile_image_gradient(task.network)
    return task.to_plane(in_batches(run, [task.images, task.one_hot], batch_size))


def input_x_gradient(model, images, classes=None, batch_size=32):
    """Returns each pixel's part in a class's score were the network linear.

    `sum_c x[r, k, c] d score / d x[r, k, c]` (Shrikumar et al., arXiv:1605.01713).

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, at least 1.

    Returns:
        Float32 `(batch, rows, columns)`, of any sign, in units of the logit.

    Raises:
        DataError: If the images do not fit the model, or if it gives no row of classes.
        UsageError: If a class is out of range, or batch_size below 1.

    Example:
        >>> import numpy as np
        >>> from regard import models
        >>> maps = input_x_gradient(models.tutorial(attention=None), np.zeros((1, 28, 28)), 3)
        >>> float(np.abs(maps).max())
        0.0
    """
    task = prepare(model, images, classes, batch_size)
    run = compile_image_gradient(task.network)
    found = in_batches(run, [task.images, task.one_hot], batch_size)
    return task.to_plane(task.images * found)

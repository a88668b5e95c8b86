"""Class-activation maps from the gradient of a score by a layer's output."""

import numpy as np

from regard.attribution.batches import in_batches
from regard.attribution.scores import compile_probe_gradient
from regard.attribution.task import prepare
from regard.maps.project import to_image


def grad_cam(model, images, classes=None, batch_size=32, *, layer=None):
    """Weighs a layer's channels by the mean gradient of the score (Grad-CAM, arXiv:1610.02391).

    `relu(sum_k mean(g_k) A_k)` with the layer's output A and `g = d score / d A`, projected to
    the image by receptive fields.

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, at least 1.
        layer: Path of a layer whose output has rows and columns, such as `backbone/conv2d`; by
            default the last. A layer's second call has the path `conv2d#2`.

    Returns:
        Float32 `(batch, rows, columns)`, at least 0, without unit.

    Raises:
        DataError: If the images do not fit the model, or if it has no such layer.
        UsageError: If a class is out of range, or another argument is not as described.

    Example:
        >>> from regard import models
        >>> maps = grad_cam(models.tutorial(attention=None), np.ones((2, 28, 28)), classes=3)
        >>> maps.shape, bool(maps.min() >= 0)
        ((2, 28, 28), True)
    """
    return _maps(_grad_cam, model, images, classes, batch_size, layer)


def grad_cam_plus_plus(model, images, classes=None, batch_size=32, *, layer=None):
    """Weighs a layer's channels by weighted positive gradients (Grad-CAM++, arXiv:1710.11063).

    `relu(sum_k w_k A_k)` with `w_k = sum(relu(g_k) g_k^2 / (2 g_k^2 + sum(A_k) g_k^3))`, sums
    over the pixels. Where the denominator is not positive, which the paper's A >= 0 rules out,
    the term is 0.

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, at least 1.
        layer: Path of a layer whose output has rows and columns; by default the last.

    Returns:
        Float32 `(batch, rows, columns)`, at least 0, without unit.

    Raises:
        DataError: If the images do not fit the model, or if it has no such layer.
        UsageError: If a class is out of range, or another argument is not as described.

    Example:
        >>> from regard import models
        >>> grad_cam_plus_plus(models.tutorial(attention=None), np.ones((28, 28)), 3).shape
        (1, 28, 28)
    """
    return _maps(_grad_cam_plus_plus, model, images, classes, batch_size, layer)


def hires_cam(model, images, classes=None, batch_size=32, *, layer=None):
    """Multiplies a layer's output by the gradient, pixel by pixel (HiResCAM, arXiv:2011.08891).

    `sum_k g_k A_k`, without a ReLU as in the paper: where the layer is followed by linear layers
    alone, the map of the layer sums to the score less the bias.

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, at least 1.
        layer: Path of a layer whose output has rows and columns; by default the last.

    Returns:
        Float32 `(batch, rows, columns)`, of any sign, in units of the logit.

    Raises:
        DataError: If the images do not fit the model, or if it has no such layer.
        UsageError: If a class is out of range, or another argument is not as described.

    Example:
        >>> from regard import models
        >>> hires_cam(models.tutorial(attention=None), np.ones((28, 28)), 3).shape
        (1, 28, 28)
    """
    return _maps(_hires_cam, model, images, classes, batch_size, layer)


def layer_cam(model, images, classes=None, batch_size=32, *, layer=None):
    """Weighs each pixel of each channel by its positive gradient (LayerCAM, Jiang et al. 2021).

    `relu(sum_k relu(g_k) A_k)` (IEEE TIP 30, doi:10.1109/TIP.2021.3089943); fit for early layers.

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, at least 1.
        layer: Path of a layer whose output has rows and columns; by default the last.

    Returns:
        Float32 `(batch, rows, columns)`, at least 0, in units of the logit.

    Raises:
        DataError: If the images do not fit the model, or if it has no such layer.
        UsageError: If a class is out of range, or another argument is not as described.

    Example:
        >>> from regard import models
        >>> layer_cam(models.tutorial(attention=None), np.ones((28, 28)), 3).shape
        (1, 28, 28)
    """
    return _maps(_layer_cam, model, images, classes, batch_size, layer)


def _maps(formula, model, images, classes, batch_size, layer):
    task = prepare(model, images, classes, batch_size)
    call = task.network.feature_map(layer)
    run = compile_probe_gradient(task.network, call)

    def maps(images, one_hot):
        gradients, activations = run(images, one_hot)
        return formula(
            *(np.moveaxis(a, task.network.channel_axis, 3) for a in (gradients, activations))
        )

    found = in_batches(maps, [task.images, task.one_hot], batch_size)
    return to_image(found, call.place, task.network.image_size).astype("float32")


def _grad_cam(gradients, activations):
    weights = gradients.mean((1, 2), keepdims=True)
    return np.maximum((weights * activations).sum(-1), 0)


def _grad_cam_plus_plus(gradients, activations):
    denominators = 2 + activations.sum((1, 2), keepdims=True) * gradients
    shares = np.divide(1, denominators, out=np.zeros_like(gradients), where=denominators > 0)
    weights = (np.maximum(gradients, 0) * shares).sum((1, 2), keepdims=True)
    return np.maximum((weights * activations).sum(-1), 0)


def _hires_cam(gradients, activations):
    return (gradients * activations).sum(-1)


def _layer_cam(gradients, activations):
    return np.maximum((np.maximum(gradients, 0) * activations).sum(-1), 0)

"""Attention as attribution: rolled out over the layers, or weighted by the gradient."""

import numpy as np
from keras import ops

from regard.attribution import differentiate
from regard.attribution.batches import in_batches
from regard.attribution.scores import logits, with_probe
from regard.attribution.task import prepare
from regard.errors import DataError, UsageError, nearest
from regard.maps.project import to_image
from regard.maps.read import iter_attention_maps


def attention_rollout(model, images, classes=None, batch_size=32):
    """Follows attention from the last layer back to the first (Abnar and Zuidema, 2005.00928).

    See `regard.maps.rollout`. It tells of no class.

    Args:
        model: A Keras classifier with one image input and attention over pixels.
        images: What the model takes; the batch axis may be left out.
        classes: Checked as in the other methods, and of no effect.
        batch_size: Images at a time, at least 1.

    Returns:
        Float32 `(batch, rows, columns)`, values 0…1: the share of a pixel of the first attention
        layer, one divided by the number of its pixels where attention is uniform.

    Raises:
        DataError: If the images do not fit the model, or if no layer attends over pixels.
        UsageError: If a class is out of range, or batch_size below 1.

    Example:
        >>> from regard import models
        >>> maps = attention_rollout(models.tutorial(), np.zeros((2, 28, 28)), classes=3)
        >>> maps.shape, round(float(maps.max()) * 144, 4)
        ((2, 28, 28), 1.0)
    """
    task = prepare(model, images, classes, batch_size)
    last = _attending(task.network)[-1].path
    parts = iter_attention_maps(model, task.images, batch_size=batch_size)
    maps = [part.to_images("rollout", layer=last) for part in parts]
    return np.concatenate(maps).astype("float32")


def gradient_weighted_attention(model, images, classes=None, batch_size=32, *, layer=None):
    """Weighs each query's attention by what the query's output adds to a class's score.

    `m_j = sum_i r_i A_ij` with A the heads' mean and `r_i = sum_c d score / d y_ic * b_ic`, y
    the layer's output and b what attention adds to it: `y - x` of a layer that starts as the
    identity, or else y.

    Chefer et al. (arXiv:2103.15679) weigh A by `d score / d A` itself. No layer takes its
    attention back as an argument, so this gradient is not to be had without changing the
    layer. For one head whose output is linear in A, `r_i` is exactly the sum of row i of
    `d score / d A * A`; the row is shared out here by A alone. The values of the layer's map
    sum to the attention's part in the score, to first order.

    Args:
        model: A Keras classifier with one image input and attention over pixels.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, at least 1.
        layer: Path of a layer with attention over pixels; by default the last.

    Returns:
        Float32 `(batch, rows, columns)`, of any sign, in units of the logit.

    Raises:
        DataError: If the images do not fit the model, or if no layer attends over pixels.
        UsageError: If a class is out of range, or another argument is not as described.

    Example:
        >>> from regard import models
        >>> gradient_weighted_attention(models.tutorial(), np.ones((2, 28, 28)), classes=3).shape
        (2, 28, 28)
    """
    task = prepare(model, images, classes, batch_size)
    call = _choose(_attending(task.network), layer)
    run = _compile_gradient(task.network, call)

    def weighted(batch, one_hot):
        gradient, (added, attention) = run(batch, one_hot)
        parts = (gradient * added).sum(task.network.channel_axis).reshape(len(batch), -1)
        return np.einsum("bi,bij->bj", parts, attention)

    flat = in_batches(weighted, [task.images, task.one_hot], batch_size)
    return _on_image(flat, call.pixels, task.network.image_size)


def _attending(network):
    calls = network.attending
    if not calls:
        raise DataError(
            f"{network.name} has no layer that attends over pixels. Choose a method that "
            "needs none, such as grad_cam, or put one in, such as regard.layers.Attention."
        )
    return calls


def _choose(calls, path):
    paths = {call.path: call for call in calls}
    if path is None:
        return calls[-1]
    if path not in paths:
        raise UsageError(f"No layer {path!r} attends over pixels. {nearest(path, paths)}")
    return paths[path]


def _compile_gradient(network, call):
    def score(probe, images, one_hot):
        found = []

        def instead(layer, args, kwargs):
            output, attention = _attend(layer, args, kwargs)
            residual = getattr(layer, "starts_as_identity", False)
            added = output - args[0] if residual else output
            found.append((ops.cast(added, "float32"), attention))
            return output + ops.cast(probe, output.dtype)

        scores = logits(network, images, {call.index: instead})
        return ops.sum(scores * one_hot), found[0]

    return with_probe(differentiate.compile_gradient(score, network.variables), call)


def _attend(layer, args, kwargs):
    """The output of a layer and its attention as the heads' mean, `(batch, query, key)`."""
    output, attention = layer(*args, **(kwargs | {"return_attention_scores": True}))
    attention = ops.cast(attention, "float32")
    return output, ops.mean(attention, 1) if len(attention.shape) == 4 else attention


def _on_image(flat, place, image_size):
    maps = flat.reshape(len(flat), *(axis.size for axis in place.axes))
    return to_image(maps, place, image_size).astype("float32")

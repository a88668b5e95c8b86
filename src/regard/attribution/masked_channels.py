"""Score-CAM: a class-activation map without gradients."""

import numpy as np

from regard.attribution import differentiate
from regard.attribution.batches import rows_in_batches
from regard.attribution.scores import compile_scores, logits
from regard.attribution.task import prepare
from regard.maps.project import to_image


def score_cam(model, images, classes=None, batch_size=32, *, layer=None):
    """Weighs a layer's channels by the score of the image seen through each (arXiv:1910.01279).

    `relu(sum_k w_k A_k)` with `w = softmax_k(score(x * M_k))` and the mask `M_k` the channel
    `A_k` on the image plane, stretched to 0…1; a flat channel masks all. The score of the empty
    image, which the paper takes off, changes nothing under the softmax. One pass of the network
    for each image and channel.

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, of images and channels together, at least 1.
        layer: Path of a layer whose output has rows and columns; by default the last.

    Returns:
        Float32 `(batch, rows, columns)`, at least 0, in the unit of the layer's output.

    Raises:
        DataError: If the images do not fit the model, or if it has no such layer.
        UsageError: If a class is out of range, or another argument is not as described.

    Example:
        >>> from regard import models
        >>> score_cam(models.tutorial(attention=None), np.ones((28, 28)), 3).shape
        (1, 28, 28)
    """
    task = prepare(model, images, classes, batch_size)
    call = task.network.feature_map(layer)
    activations = _compile_activations(task.network, call)
    score = compile_scores(task.network)
    maps = []
    for at in rows_in_batches(len(task.images), batch_size):
        channels = activations(task.images[at])
        channels = np.moveaxis(channels, task.network.channel_axis, 1)
        weights = _softmax(_scores_through(channels, task, call, at, score))
        maps.append(np.maximum(np.einsum("bk,bkhw->bhw", weights, channels), 0))
    return to_image(np.concatenate(maps), call.place, task.network.image_size).astype("float32")


def _compile_activations(network, call):
    def activations(images):
        outputs = []

        def kept(layer, args, kwargs):
            outputs.append(layer(*args, **kwargs))
            return outputs[0]

        logits(network, images, {call.index: kept})
        return outputs[0]

    return differentiate.compile_function(activations, network.variables)


def _scores_through(channels, task, call, at, score):
    """The score of each image of `at` seen through each of its channels, `(images, channels)`."""
    count = channels.shape[1]
    scores = []
    for rows in rows_in_batches(len(at) * count, task.batch_size):
        image, channel = np.divmod(rows, count)
        masks = to_image(channels[image, channel], call.place, task.network.image_size)
        seen = task.images[at[image]] * task.on_image(_stretched(masks))
        scores.append(score(seen, task.one_hot[at[image]]))
    return np.concatenate(scores).reshape(len(at), count)


def _stretched(maps):
    lowest = maps.min((1, 2), keepdims=True)
    ranges = maps.max((1, 2), keepdims=True) - lowest
    return (maps - lowest) / np.where(ranges > 0, ranges, 1)


def _softmax(scores):
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)

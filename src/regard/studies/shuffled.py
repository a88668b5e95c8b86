"""Whether what attention says matters: a network whose attention is that of other images."""

import numpy as np
from keras import ops

from regard.attribution.differentiate import compile_function
from regard.errors import DataError, UsageError
from regard.layers.applied import with_attention_of
from regard.maps.declared import is_attention
from regard.maps.graph import as_graph, walk
from regard.models.inputs import as_batch

_TRIED = 4  # images on which it is seen that the layers do apply the others' attention
_TOLERANCE = 1e-4  # of the greatest attention


def shuffled_probabilities(model, images, *, seed, batch_size=256):
    """Classifies images, each with the attention of another image.

    All attention layers apply, to the features of an image, the attention that they have in the
    usual pass of another image, drawn from all, which is the same for all of them. Of several maps
    of a layer, such as CBAM's channel and spatial gates, each is replaced. So a later layer, or
    gate, sees features changed by an earlier one, but its attention is not made of them.

    An accuracy that stays as it was says that the attention does not depend on the image, or
    that the network does not depend on the attention.

    Args:
        model: A Keras classifier with one image input; it stays as it is.
        images: What the model takes, at least two; the channel axis may be left out.
        seed: Decides which image has whose attention, an integer of at least 0.
        batch_size: Images at a time, at least 2; a last single one joins the batch before it.

    Returns:
        Class probabilities, float32, shape `(images, classes)`.

    Raises:
        DataError: If the images do not fit the model, if there are fewer than two, or if the model
            is no classifier.
        UsageError: If the model has no attention layer, if one does not hand its attention through
            `applied`, which is named then, or if `batch_size` is not as described.

    Example:
        >>> from regard import models
        >>> images = np.random.default_rng(0).random((5, 28, 28))
        >>> shuffled_probabilities(models.tutorial(), images, seed=0).shape
        (5, 10)
    """
    if batch_size < 2:
        raise UsageError(f"batch_size must be at least 2, not {batch_size!r}.")
    images = as_batch(images, model)
    if len(images) < 2:
        raise DataError("One image has no other whose attention it could take. Give two or more.")
    _refuse_where_nothing_is_replaced(model, images[:_TRIED])

    layers = model._flatten_layers()

    def of_others(batch, others):
        others = ops.cast(others, "int32")
        return with_attention_of(others, layers, lambda: model(batch, training=False))

    classify = compile_function(of_others, model.variables)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(images))  # else images that lie class by class shuffle in theirs
    batches = [order[at] for at in _batches(len(images), batch_size)]
    parts = [classify(images[rows], derangement(len(rows), rng)) for rows in batches]
    if not isinstance(parts[0], np.ndarray) or parts[0].ndim != 2:
        raise DataError(f"{model.name} is no classifier: its output is not (batch, classes).")
    probabilities = np.empty((len(images), parts[0].shape[1]), "float32")
    probabilities[order] = np.concatenate(parts)
    return probabilities


def derangement(count, rng):
    """Returns an order of `count` things in which none has its own place, each as likely.

    Args:
        count: Number of things, at least 2.
        rng: A NumPy random generator.

    Example:
        >>> derangement(2, np.random.default_rng(0))
        array([1, 0])
    """
    order = rng.permutation(count)
    while (order == np.arange(count)).any():
        order = rng.permutation(count)
    return order


def _batches(count, size):
    """Slices of at least two of `count` images."""
    starts = list(range(0, count - 1, size))
    return [slice(*ends) for ends in zip(starts, [*starts[1:], count], strict=True)]


def _refuse_where_nothing_is_replaced(model, images):
    graph, others = as_graph(model, images.shape[1:]), np.roll(np.arange(len(images)), 1)
    own = _attention(graph, images)
    if not own:
        raise UsageError(f"{model.name} has no attention layer whose attention could be shuffled.")
    layers = model._flatten_layers()
    applied = with_attention_of(others, layers, lambda: _attention(graph, images))
    for path, maps in own.items():
        for name, values in maps.items():
            if not _are_equal(values[others], applied[path][name]):
                raise UsageError(
                    f"The attention of {path} cannot be shuffled: the layer does not hand it "
                    "through self.applied, as regard.layers.AttentionLayer describes."
                )


def _attention(graph, images):
    """The attention of each layer by its path, a dict of arrays."""
    found = {}

    def visit(path, layer, args, kwargs):
        if not is_attention(layer):
            return layer(*args, **kwargs)
        output, attention = layer(*args, **(kwargs | {"return_attention_scores": True}))
        maps = attention if isinstance(attention, dict) else {"attention": attention}
        found[path] = {name: ops.convert_to_numpy(values) for name, values in maps.items()}
        return (output, attention) if kwargs.get("return_attention_scores") else output

    walk(graph, ops.convert_to_tensor(images), visit)
    return found


def _are_equal(one, other):
    return np.abs(one - other).max() <= _TOLERANCE * np.abs(one).max()

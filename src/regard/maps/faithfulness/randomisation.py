"""Model-parameter randomisation: does a map depend on what the network has learnt?"""

import keras
import numpy as np
from scipy.stats import rankdata

from regard.errors import UsageError
from regard.maps.faithfulness import methods
from regard.maps.faithfulness.checks import prepare
from regard.maps.graph import as_graph
from regard.models.calls import is_model
from regard.models.copying import copy_with


def parameter_randomisation(model, method, images, classes=None, *, seed=0, batch_size=256):
    """Rank correlation between the maps of a network and of a randomised copy of it.

    Spearman's correlation over the pixels of each map, of which no absolute values are taken
    (Adebayo et al., Sanity Checks for Saliency Maps, arXiv:1810.03292, section 3, all layers
    randomised). Lower is better: near 1, the method draws the same map for a network that has
    learnt nothing.

    Args:
        model: A Keras model that gives class probabilities; it stays as it is.
        method: A function `method(model, images, classes)` that gives maps
            `(batch, rows, columns)`.
        images: What the model takes.
        classes: Class of each image or one for all; None takes the predicted ones.
        seed: Of the randomisation.
        batch_size: Images that the network gets at a time to predict classes.

    Returns:
        Array `(batch,)`, -1…1.

    Raises:
        DataError: If images, classes or the method's maps are not as described.
        UsageError: If the model cannot be copied or has no weights to randomise.
    """
    images, classes, _ = prepare(model, images, classes, batch_size)
    random = randomised(model, images.shape[1:], seed)
    pair = (methods.run(method, network, images, classes) for network in (model, random))
    return rank_correlation(*pair)


def randomised(model, image_shape, seed=0):
    """Returns a copy of a network with the values of each weight tensor in random order.

    The paper draws the weights anew; to shuffle them keeps their scale, so that the copy is
    neither dead nor saturated, and needs no initialiser.

    Args:
        model: A Keras model.
        image_shape: Shape of one image, without the batch.
        seed: Of the order.

    Raises:
        DataError: If the calls of a subclassed model cannot be traced.
        UsageError: If the model cannot be copied, or if no weight changes.
    """
    rng = np.random.default_rng(seed)
    known = model if is_model(model) else as_graph(model, image_shape).graph
    copy = copy_with(known, {})
    changed = False
    for weight in copy.weights:
        values = np.array(keras.ops.convert_to_numpy(weight))
        shuffled = rng.permutation(values.ravel()).reshape(values.shape)
        changed |= not np.array_equal(values, shuffled)
        weight.assign(shuffled)
    if not changed:
        raise UsageError(
            f"{model.name} cannot be randomised: each of its weight tensors holds one value only. "
            "Train it first, or give the maps as an array."
        )
    return copy


def rank_correlation(first, second):
    """Spearman's rank correlation of two maps of each image.

    Args:
        first: Array `(batch, rows, columns)`.
        second: Array of the same shape.

    Returns:
        Array `(batch,)`, -1…1; where a map is flat, 1 if both are and 0 if one is.

    Example:
        >>> maps = np.array([[[0.1, 0.9], [0.5, 0.2]]])
        >>> rank_correlation(maps, maps**3).round(6).tolist()
        [1.0]
    """
    ranked = [rankdata(maps.reshape(len(maps), -1), axis=1) for maps in (first, second)]
    ranked = [x - x.mean(axis=1, keepdims=True) for x in ranked]
    lengths = [np.linalg.norm(x, axis=1) for x in ranked]
    product = lengths[0] * lengths[1]
    both_flat = (lengths[0] == 0) & (lengths[1] == 0)
    correlation = (ranked[0] * ranked[1]).sum(axis=1) / np.where(product > 0, product, 1)
    return np.where(both_flat, 1.0, np.clip(correlation, -1, 1))

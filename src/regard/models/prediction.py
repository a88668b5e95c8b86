"""Answers of a model by the cheapest path: folded, compiled, without `model.predict`'s set-up."""

from functools import partial

import keras
import numpy as np

from regard.errors import UsageError
from regard.models.folding.folding import folded_model

BATCH = 128  # images that go at once at most
_KEPT = "_regard_predictor"  # on the model, so that it dies with it


def predictor(model):
    """Returns a function that gives a model's answers, for one image or many.

    The model is folded for inference (see `regard.models.fold`) and compiled for each batch size
    that is asked for; up to 128 images go at once, more in batches of as many, the last of which
    is filled up. Weights that change later are seen.

    Args:
        model: A built Keras model with one input.

    Returns:
        A function from an array of shape `(images, …)` to what the model gives, as NumPy arrays.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
        >>> predictor(model)(np.ones((300, 4), "float32")).shape
        (300, 2)
    """
    kept = getattr(model, _KEPT, None)
    if kept is None:
        answer = _COMPILED[keras.config.backend()](folded(model))
        kept = partial(_in_batches, answer)
        object.__setattr__(model, _KEPT, kept)
    return kept


def _in_batches(answer, images):
    if len(images) <= BATCH:
        return _as_arrays(answer(images))
    filled = _filled(images)
    starts = range(0, len(filled), BATCH)
    parts = [_as_arrays(answer(filled[start : start + BATCH])) for start in starts]
    return keras.tree.map_structure(lambda *p: np.concatenate(p)[: len(images)], *parts)


def _filled(images):
    missing = -len(images) % BATCH
    blank = np.zeros((missing, *images.shape[1:]), images.dtype)
    return np.concatenate([images, blank]) if missing else images


def _as_arrays(outputs):
    return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)


def folded(model):
    """Returns the model folded for inference; the model itself where it cannot be folded."""
    try:
        return folded_model(model, training=False, batch_size=1)
    except UsageError:
        return model


def _by_tensorflow(model):
    import tensorflow as tf

    call = tf.function(lambda images: model(images, training=False), autograph=False)
    return lambda images: call(tf.convert_to_tensor(images))


def _by_jax(model):
    import jax

    @jax.jit
    def call(weights, state, images):
        return model.stateless_call(weights, state, images, training=False)[0]

    def answer(images):
        weights = [variable.value for variable in model.trainable_variables]
        state = [variable.value for variable in model.non_trainable_variables]
        return call(weights, state, images)

    return answer


def _by_torch(model):
    import torch

    def answer(images):
        with torch.inference_mode():
            return model(images, training=False)

    return answer


_COMPILED = {"tensorflow": _by_tensorflow, "jax": _by_jax, "torch": _by_torch}

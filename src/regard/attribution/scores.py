"""The scores that are explained: the logits of a network, and what can be probed on the way."""

import itertools

import keras
import numpy as np
from keras import ops

from regard.attribution import differentiate
from regard.attribution.network import SQUASHING
from regard.maps.graph import walk


def logits(network, images, instead=None):
    """Runs a network up to its logits, the values before a last softmax or sigmoid.

    Args:
        network: A `Network`.
        images: Tensor that the network takes.
        instead: Functions by the index of a call; each gives the output of the call from
            `(layer, args, kwargs)`.

    Returns:
        Tensor `(batch, classes)`, at least float32. A single sigmoid with logit z tells of two
        classes, with the scores -z and z.
    """
    instead = instead or {}
    order = itertools.count()
    found = []

    def visit(path, layer, args, kwargs):
        index = next(order)
        if index == network.scored.index:
            found.append(_before_squashing(layer, args, kwargs))
        return instead.get(index, _call)(layer, args, kwargs)

    walk(network.graph, images, visit)
    scores = ops.cast(found[0], "float32")
    return ops.concatenate([-scores, scores], -1) if network.classes > scores.shape[-1] else scores


def probabilities(network, images):
    """Returns the class probabilities, `(batch, classes)`: softmax or sigmoid of the logits."""
    squash = ops.sigmoid if network.is_sigmoid else ops.softmax
    return squash(logits(network, images))


def compile_scores(network, squash=logits):
    """Returns `f(images, one_hot)`, which gives the chosen classes' scores `(batch,)`.

    Args:
        network: A `Network`.
        squash: `logits` or `probabilities`.
    """

    def score(images, one_hot):
        return ops.sum(squash(network, images) * one_hot, -1)

    return differentiate.compile_function(score, network.variables)


def compile_image_gradient(network):
    """Returns `f(images, one_hot)`, which gives d score / d image, of the images' shape."""

    def score(images, one_hot):
        return ops.sum(logits(network, images) * one_hot), ()

    gradient = differentiate.compile_gradient(score, network.variables)
    return lambda images, one_hot: gradient(images, one_hot)[0]


def compile_probe_gradient(network, call):
    """Returns `f(images, one_hot)`, which gives d score / d output of a call, and the output."""

    def score(probe, images, one_hot):
        outputs = []

        def probed(layer, args, kwargs):
            outputs.append(layer(*args, **kwargs))
            return outputs[0] + ops.cast(probe, outputs[0].dtype)

        scores = logits(network, images, {call.index: probed})
        return ops.sum(scores * one_hot), ops.cast(outputs[0], "float32")

    return with_probe(differentiate.compile_gradient(score, network.variables), call)


def with_probe(gradient, call):
    """Gives a gradient function its probe: zeros of the shape of a call's output.

    Added to the output, the probe is what is differentiated by, so that the layers stay as they
    are.

    Args:
        gradient: Takes `(probe, images, one_hot)`.
        call: The `Call`.

    Returns:
        A function of `(images, one_hot)`.
    """

    def call_with_probe(images, one_hot):
        probe = np.zeros((len(images), *call.output.shape[1:]), "float32")
        return gradient(probe, images, one_hot)

    return call_with_probe


def _call(layer, args, kwargs):
    return layer(*args, **kwargs)


def _before_squashing(layer, args, kwargs):
    if type(layer).__name__ in ("Softmax", "Sigmoid"):
        return args[0]
    if getattr(layer, "activation", None) not in SQUASHING:
        return layer(*args, **kwargs)
    if isinstance(layer, keras.layers.Activation):
        return args[0]
    z = ops.matmul(ops.cast(args[0], "float32"), ops.cast(layer.kernel, "float32"))
    return z if layer.bias is None else z + ops.cast(layer.bias, "float32")

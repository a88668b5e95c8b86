"""The tutorial's network and its training, written by hand in JAX."""

import functools
import math

import jax
from jax import lax
from jax import numpy as jnp

from regard.benchmarking.work import LEARNING_RATE, batches

_KEPT, _KEPT_SQUARES, _EPSILON = 0.9, 0.999, 1e-7  # of Keras's Adam


class Training:
    """Adam on batches, with the mean loss and the accuracy summed up on the device.

    Args:
        weights: Arrays to start from, by name, as Keras lays them out.
    """

    about = "plain, jit"

    def __init__(self, weights):
        weights = {name: jnp.array(array) for name, array in weights.items()}
        zeros = functools.partial(jax.tree.map, jnp.zeros_like, weights)
        self._state = weights, zeros(), zeros(), jnp.zeros(()), jnp.zeros(2)
        self._step = jax.jit(functools.partial(_step), donate_argnums=0)  # compiled anew

    def on_device(self, images, labels):
        """Returns the batches."""
        return [jax.device_put(batch) for batch in batches(images, labels)]

    def step(self, images, labels):
        """Trains on a batch and returns its loss, on the device."""
        self._state, loss = self._step(self._state, images, labels)
        return loss

    def read_metrics(self):
        """Waits for all steps and returns the sums of losses and accuracies since the last call."""
        *state, totals = jax.block_until_ready(self._state)
        self._state = *state, jnp.zeros(2)
        return totals.tolist()


def _step(state, images, labels):
    weights, means, squares, steps, totals = state
    (loss, accuracy), slopes = jax.value_and_grad(_loss, has_aux=True)(weights, images, labels)
    steps = steps + 1
    means = jax.tree.map(lambda m, g: m + (g - m) * (1 - _KEPT), means, slopes)
    squares = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - _KEPT_SQUARES), squares, slopes)
    rate = LEARNING_RATE * jnp.sqrt(1 - _KEPT_SQUARES**steps) / (1 - _KEPT**steps)
    weights = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + _EPSILON), weights, means, squares
    )
    return (weights, means, squares, steps, totals + jnp.stack((loss, accuracy))), loss


def _loss(weights, images, labels):
    logits = _logits(weights, images)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1)
    return -chosen.mean(), (logits.argmax(1) == labels).mean()


def _logits(weights, images):
    maps = _convolution(weights, "second", _convolution(weights, "first", images))
    maps = lax.reduce_window(maps, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    pixels = maps.reshape(len(images), -1, 64)
    queries = _dense(weights, "attention/query", pixels) / math.sqrt(32)
    keys = _dense(weights, "attention/key", pixels)
    attention = jax.nn.softmax(queries @ keys.transpose(0, 2, 1))
    gathered = attention @ _dense(weights, "attention/value", pixels)
    pixels = pixels + weights["attention/gamma"] * gathered
    hidden = jax.nn.relu(_dense(weights, "hidden", pixels.reshape(len(images), -1)))
    return _dense(weights, "classes", hidden)


def _convolution(weights, name, maps):
    layout = ("NHWC", "HWIO", "NHWC")
    kernel = weights[f"{name}/kernel"]
    convolved = lax.conv_general_dilated(maps, kernel, (1, 1), "VALID", dimension_numbers=layout)
    return convolved + weights[f"{name}/bias"]


def _dense(weights, name, inputs):
    return inputs @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]

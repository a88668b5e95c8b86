"""Milliseconds of a training step of single attention layers, on one core, with TensorFlow.

    python benchmarks/layer_steps.py halo pixel:units=32 --shape 64 12 12 64

The least of a few steps: forward, and the gradients of the input and of all weights. To compare two
versions, run it in turns with `PYTHONPATH` naming the `src` of each.
"""

import argparse
import os
import time

import numpy as np

from regard.studies import one_core
from regard.studies.design import parse_design

STEPS = 5


def main():
    """Times the layers one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("designs", nargs="+")
    parser.add_argument("--shape", nargs=4, type=int, default=(64, 12, 12, 64))
    options = parser.parse_args()
    os.environ.update(one_core.variables() | {"KERAS_BACKEND": "tensorflow"})
    for name in options.designs:
        seconds = step_seconds(name, tuple(options.shape))
        print(f"{name:32s} {1000 * seconds:8.1f} ms", flush=True)


def step_seconds(name, shape):
    """Returns the least time of a step of the layer that a design names."""
    import tensorflow as tf

    from regard.layers.registry import make_layer

    design = parse_design(name)
    layer = make_layer(design.layer, data_format="channels_last", **design.arguments)
    layer.build(shape)
    x = tf.constant(np.random.default_rng(0).normal(size=shape).astype("float32"))
    weights = [variable.value for variable in layer.trainable_variables]

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(tf.square(layer(x, training=True)))
        return tape.gradient(loss, [x, *weights])

    step(x)
    return min(_seconds(lambda: step(x)[0].numpy()) for _ in range(STEPS))


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

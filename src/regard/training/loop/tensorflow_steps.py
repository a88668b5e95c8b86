"""Training steps on TensorFlow: a loop over the steps inside one graph.

XLA is used where `compile` says so, around each step and never around the loop: inside a loop
XLA's CPU code runs convolutions many times slower.
"""

import weakref

from regard.training.loop.arrays import batch
from regard.training.loop.steps import Steps


def make(model, prepare):
    """Returns the `Steps` of a model; they do not keep it alive."""
    kept = weakref.ref(model)
    return Steps(
        _loop(lambda data: kept().train_step(data), model, prepare),
        _loop(lambda data: kept().test_step(data), model, prepare),
    )


def _loop(step, model, prepare):
    import tensorflow as tf

    def one(data, rows):
        step(batch(data, lambda array: tf.gather(array, rows), prepare))

    def many(data, order, batch_size, first, end):
        def body(index):
            one(data, order[index * batch_size : (index + 1) * batch_size])
            return (index + 1,)

        tf.while_loop(lambda index: index < end, body, (first,))

    if not model.run_eagerly:
        one = tf.function(one, autograph=False, jit_compile=model.jit_compile)
        many = tf.function(many, autograph=False)

    def run(data, order, *numbers):
        many(data, tf.constant(order), *(tf.constant(number) for number in numbers))

    return run

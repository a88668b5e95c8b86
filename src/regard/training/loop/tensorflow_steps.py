"""Training steps on TensorFlow: a loop over the steps inside one graph.

On a CPU the graph is not given to XLA, whose gradients of convolution, pooling and attention are
slower than oneDNN's. Elsewhere XLA compiles each step where `compile` says so, and never the
loop. The steps of whole batches know their size, by which attention over pixels needs no parts.
"""

from regard.training.loop.arrays import batch
from regard.training.loop.tensorflow_adam import in_one_pass


def make(model, train_step, test_step, prepare, path, eagerly):
    """Returns the functions that run training and test steps."""

    def train(data):
        with in_one_pass(model.optimizer):
            train_step(data)

    return (
        _loop(train, prepare, path.compiled, eagerly),
        _loop(test_step, prepare, path.compiled, eagerly),
    )


def _loop(step, prepare, compiled, eagerly):
    import tensorflow as tf

    def one(data, rows):
        step(batch(data, lambda array: tf.gather(array, rows), prepare))

    def whole(data, order, first, end, batch_size):
        def body(index):
            rows = order[index * batch_size : (index + 1) * batch_size]
            one(data, tf.ensure_shape(rows, (batch_size,)))
            return (index + 1,)

        tf.while_loop(lambda index: index < end, body, (first,))

    if not eagerly:
        one = tf.function(one, autograph=False, jit_compile=compiled)
        whole = tf.function(whole, autograph=False)

    def run(data, order, batch_size, first, end):
        wholes = min(end, len(order) // batch_size)
        if first < wholes:
            numbers = (tf.constant(number) for number in (first, wholes))
            whole(data, tf.constant(order), *numbers, batch_size=batch_size)
        if wholes < end:
            one(data, tf.constant(order[wholes * batch_size :]))

    return run

"""Training steps on JAX: one compiled step, its state donated, sent without waiting.

The steps are not put into a `lax` loop: inside one XLA's CPU code runs convolutions several
times slower, and as nothing waits for a step the next one is ready when it ends.
"""

import weakref

from regard.training.loop.arrays import batch
from regard.training.loop.steps import Steps


def make(model, prepare):
    """Returns the `Steps` of a model; they do not keep it alive."""
    kept = weakref.ref(model)
    return Steps(
        _loop(kept, _train, _train_state, prepare), _loop(kept, _test, _test_state, prepare)
    )


def _loop(kept, step, variables, prepare):
    import jax

    def one(state, data, rows):
        def take(array):
            return jax.numpy.take(array, rows, axis=0, mode="clip")

        return step(kept(), state, batch(data, take, prepare))

    if kept().jit_compile and not kept().run_eagerly:
        one = jax.jit(one, donate_argnums=0)

    def run(data, order, batch_size, first, end):
        groups = variables(kept())
        state = [[variable.value for variable in group] for group in groups]
        try:
            for index in range(first, end):
                state = one(state, data, order[index * batch_size : (index + 1) * batch_size])
        finally:
            _write(groups, state)

    return run


def _train(model, state, data):
    return model.train_step(tuple(state), data)[1]


def _train_state(model):
    return (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )


def _test(model, state, data):
    return model.test_step(tuple(state), data)[1]


def _test_state(model):
    return model.trainable_variables, model.non_trainable_variables, model.metrics_variables


def _write(groups, state):
    for variables, values in zip(groups, state, strict=True):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

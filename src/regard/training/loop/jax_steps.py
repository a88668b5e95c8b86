"""Training steps on JAX: one compiled step, its state donated, sent without waiting.

The steps are not put into a `lax` loop: inside one XLA's CPU code runs convolutions several
times slower, and as nothing waits for a step the next one is ready when it ends.
"""

from regard.training.loop.arrays import batch


def make(model, train_step, test_step, prepare, path, eagerly):
    """Returns the functions that run training and test steps."""
    compiled = path.compiled and not eagerly
    return (
        _loop(train_step, lambda: _train_state(model), prepare, compiled),
        _loop(test_step, lambda: _test_state(model), prepare, compiled),
    )


def _loop(step, variables, prepare, compiled):
    import jax

    def one(state, data, rows):
        def take(array):
            return jax.numpy.take(array, rows, axis=0, mode="clip")

        return step(tuple(state), batch(data, take, prepare))[1]

    if compiled:
        one = jax.jit(one, donate_argnums=0)

    def run(data, order, batch_size, first, end):
        groups = variables()
        state = [[variable.value for variable in group] for group in groups]
        try:
            for index in range(first, end):
                state = one(state, data, order[index * batch_size : (index + 1) * batch_size])
        finally:
            _write(groups, state)

    return run


def _train_state(model):
    return (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )


def _test_state(model):
    return model.trainable_variables, model.non_trainable_variables, model.metrics_variables


def _write(groups, state):
    for variables, values in zip(groups, state, strict=True):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

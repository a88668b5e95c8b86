"""Adam's update on TensorFlow in one pass over each weight, where Keras's own takes a dozen."""

import contextlib

import keras


@contextlib.contextmanager
def in_one_pass(optimizer):
    """Lets an Adam or AdamW update its weights by TensorFlow's own kernel inside the block.

    The formula and the variables are those of Keras, and so is what a power is taken of: a float32
    number, in double precision too. Other optimizers, AMSGrad, sparse gradients and variables of
    16 bits, in which the kernel's `1 - beta` would be rounded, keep their own way.

    Args:
        optimizer: That of a model; also one that scales losses around another.
    """
    adam = getattr(optimizer, "inner_optimizer", optimizer)
    if not _is_adam(adam):
        yield
        return
    own = adam.update_step

    def update_step(gradient, variable, learning_rate):
        import tensorflow as tf

        if isinstance(gradient, tf.IndexedSlices) or variable.dtype.size < 4:
            own(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        index = adam._get_variable_index(variable)
        step = tf.cast(adam.iterations + 1, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=adam._momentums[index].value.handle,
            v=adam._velocities[index].value.handle,
            beta1_power=tf.pow(tf.cast(adam.beta_1, dtype), step),
            beta2_power=tf.pow(tf.cast(adam.beta_2, dtype), step),
            lr=tf.cast(learning_rate, dtype),
            beta1=tf.constant(adam.beta_1, dtype),
            beta2=tf.constant(adam.beta_2, dtype),
            epsilon=tf.constant(adam.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )

    object.__setattr__(adam, "update_step", update_step)
    try:
        yield
    finally:
        object.__delattr__(adam, "update_step")


def _is_adam(optimizer):
    own_step = getattr(type(optimizer), "update_step", None)
    return own_step is keras.optimizers.Adam.update_step and not optimizer.amsgrad

"""Forms for TensorFlow, whose convolutions and poolings are its fastest already."""

import tensorflow as tf


def suits_convolution(size, in_channels, groups):
    """Whether a convolution has a faster form: never."""
    return False


def suits_max_pool(size, strides):
    """Whether a max pooling has a faster form: never."""
    return False


def suits_batch_norm():
    """Whether the kernel beats Keras's own: on a CPU, two to four times."""
    return not tf.config.list_logical_devices("GPU")


def normalise(x, gamma, beta, epsilon):
    """Returns the normalised feature map and the batch's mean and variance."""
    y, mean, unbiased, *_ = tf.raw_ops.FusedBatchNormV3(
        x=x, scale=gamma, offset=beta, mean=[], variance=[], epsilon=epsilon, is_training=True
    )
    count = tf.cast(tf.size(x) // tf.size(mean), unbiased.dtype)
    return y, mean, unbiased * (tf.maximum(count - 1, 1) / count)

import numpy as np
import pytest

from regard.datasets.check import as_images
from regard.training.pixels import scaled

import keras  # isort: skip

EVERY = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


def compiled(function):
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    if keras.config.backend() == "jax":
        import jax

        return jax.jit(function)
    return function


@pytest.mark.parametrize("way", [compiled, lambda function: function])
def test_every_value_is_to_the_bit_what_prediction_sees(way):
    found = way(scaled)(keras.ops.convert_to_tensor(EVERY))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), as_images(EVERY))


def test_what_is_scaled_stays_as_it_is():
    images = as_images(EVERY)
    assert scaled(images) is images

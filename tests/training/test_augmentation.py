import collections

import keras
import numpy as np
import pytest

from regard.datasets.check import as_images
from regard.errors import UsageError
from regard.training.augmentation import shifted

IMAGE = keras.layers.Identity  # a network whose output is what it is given


def moved(image, down, right):
    rows, columns = image.shape[:2]
    wide = np.pad(image, ((2, 2), (2, 2), (0, 0)))
    return wide[2 - down : 2 - down + rows, 2 - right : 2 - right + columns]


@pytest.mark.parametrize("pixels", [1, 2])
@pytest.mark.parametrize("columns", [28, 19])
def test_moves_each_image_by_whole_pixels_all_equally_likely(small, pixels, columns):
    image = as_images(small.train.images)[0][:, :columns]
    keras.utils.set_random_seed(1)
    network = keras.Sequential([keras.Input(image.shape), IMAGE()])
    copies = np.repeat(image[None], 2000, axis=0)
    images = keras.ops.convert_to_numpy(shifted(network, pixels)(copies, training=True))
    steps = range(-pixels, pixels + 1)
    places = {moved(image, y, x).tobytes(): (y, x) for y in steps for x in steps}
    found = collections.Counter(places[one.tobytes()] for one in images)
    expected = len(copies) / len(places)
    assert len(found) == len(places)
    assert max(abs(n - expected) for n in found.values()) < 5 * expected**0.5


def test_leaves_the_images_alone_outside_training(small):
    images = as_images(small.train.images)[:5]
    model = shifted(keras.Sequential([keras.Input(images.shape[1:]), IMAGE()]), 1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model(images, training=False)), images)


def test_a_seed_gives_the_same_moves(small):
    images = as_images(small.train.images)[:50]

    def once(seed):
        keras.utils.set_random_seed(seed)
        model = shifted(keras.Sequential([keras.Input(images.shape[1:]), IMAGE()]), 2)
        return keras.ops.convert_to_numpy(model(images, training=True))

    np.testing.assert_array_equal(once(3), once(3))
    assert not np.array_equal(once(3), once(4))


def test_refuses_to_move_an_image_out_of_its_frame():
    network = keras.Sequential([keras.Input((28, 19, 1)), IMAGE()])
    with pytest.raises(UsageError, match="shorter side, 19 pixels, not 19"):
        shifted(network, 19)

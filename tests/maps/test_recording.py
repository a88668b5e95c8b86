import keras
import numpy as np
import pytest

from regard import attention_maps
from regard.datasets import load
from regard.errors import UsageError
from regard.layers import Attention
from regard.maps.recording import RecordMaps


@pytest.fixture
def images():
    return load("fashion-mnist-sample").train.images[:16].astype("float32")[..., None] / 255


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28, 1)),
            keras.layers.Conv2D(8, 3, strides=4, data_format="channels_last"),
            Attention(units=4, data_format="channels_last", name="first"),
            Attention(units=4, data_format="channels_last", name="second"),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def train(model, images, record, epochs):
    target = np.tile(np.eye(2), (8, 1))
    model.fit(images, target, epochs=epochs, batch_size=8, verbose=0, callbacks=[record])


def test_each_epoch_is_kept_as_it_was(model, images):
    record = RecordMaps(images[:2])
    train(model, images, record, 3)
    assert [label for label, _ in record.frames] == ["epoch 1", "epoch 2", "epoch 3"]
    maps = [maps for _, maps in record.frames]
    assert maps[0].shape == (2, 28, 28)
    assert np.abs(maps[0] - maps[1]).max() > 1e-6
    now = attention_maps(model, images[:2]).to_images()
    np.testing.assert_allclose(maps[2], now, rtol=1e-5)


def test_layer_and_every(model, images):
    record = RecordMaps(images[:2], layer="first", every=2)
    train(model, images, record, 4)
    assert [label for label, _ in record.frames] == ["epoch 2", "epoch 4"]
    now = attention_maps(model, images[:2], layer="first").to_images()
    np.testing.assert_allclose(record.frames[1][1], now, rtol=1e-5)


@pytest.mark.parametrize("every", [0, 1.5])
def test_every_must_count(every):
    with pytest.raises(UsageError, match=str(every)):
        RecordMaps([], every=every)

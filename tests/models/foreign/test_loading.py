import keras
import numpy as np
import pytest

from regard import layers, load, models
from regard.errors import DataError
from regard.models.foreign import loading


def with_operations():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = layers.CoordinateAttention(reduction_ratio=2)(x)
    x = keras.ops.relu(keras.ops.concatenate([x * 2 + 1, x[..., :2]], axis=-1))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(3, "softmax")(x))


def nested():
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), layers.Attention()]
    )
    model = keras.Sequential([inner, keras.layers.Flatten(), keras.layers.Dropout(0.1)])
    model.add(keras.layers.Dense(3))
    model.compile(keras.optimizers.Adam(1e-3), "mse", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("make", [with_operations, nested, lambda: models.resnet20((16, 16, 3), 3)])
def test_loads_what_keras_saved_bit_for_bit(tmp_path, make):
    model = make()
    model.save(tmp_path / "model.keras")
    loaded = load(tmp_path / "model.keras", trust=True)
    assert getattr(loaded, "optimizer", None) is None
    for one, other in zip(loaded.weights, model.weights, strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (one, other)))
    x = np.random.default_rng(0).random((2, *model.input_shape[1:]), dtype="float32")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def test_the_process_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    nested().save(tmp_path / "model.keras")
    monkeypatch.setattr(loading, "SECONDS", 0.1)
    with pytest.raises(DataError, match=r"took more than 0\.1 seconds"):
        load(tmp_path / "model.keras", trust=True)


@keras.saving.register_keras_serializable(package="mine")
class Mine(keras.layers.Layer):
    def call(self, x):
        return x


def test_a_layer_of_ones_own_is_not_taken(tmp_path):
    keras.Sequential([keras.Input((2,)), Mine()]).save(tmp_path / "model.keras")
    with pytest.raises(DataError, match=r"needs 'Mine'.*not among the layers of Keras and regard"):
        load(tmp_path / "model.keras", trust=True)

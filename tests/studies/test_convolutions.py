import keras
import numpy as np
import pytest

from regard.studies.convolutions import ResidualConvolutions, parameters

IMAGES = np.random.default_rng(0).normal(size=(2, 5, 7, 6)).astype("float32")


@pytest.mark.parametrize("kernel_size", [1, 3])
def test_it_has_the_parameters_that_were_counted(kernel_size):
    layer = ResidualConvolutions(4, kernel_size)
    layer(IMAGES)
    assert layer.count_params() == parameters(channels=6, hidden=4, kernel_size=kernel_size)


def test_it_is_a_skip_connection_and_two_products():
    layer = ResidualConvolutions(4)
    output = keras.ops.convert_to_numpy(layer(IMAGES))
    w1, b1, w2, b2 = (keras.ops.convert_to_numpy(v) for v in layer.trainable_variables)
    hidden = np.maximum(IMAGES @ w1[0, 0] + b1, 0)
    np.testing.assert_allclose(output, IMAGES + hidden @ w2[0, 0] + b2, atol=1e-5)


@pytest.mark.parametrize("kernel_size", [1, 3])
def test_it_starts_near_the_identity(kernel_size):
    output = keras.ops.convert_to_numpy(ResidualConvolutions(4, kernel_size)(IMAGES))
    assert 0 < np.abs(output - IMAGES).mean() < 0.2 * np.abs(IMAGES).mean()


def test_a_saved_one_is_the_same(tmp_path):
    model = keras.Sequential([keras.Input((5, 7, 6)), ResidualConvolutions(3, 3)])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(model.predict(IMAGES, verbose=0), loaded.predict(IMAGES, verbose=0))

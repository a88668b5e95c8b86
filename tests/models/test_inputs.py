import numpy as np
import pytest

import regard  # noqa: F401
from regard.errors import DataError
from regard.models.inputs import as_batch

import keras  # isort: skip


def model(*shape):
    return keras.Sequential([keras.Input(shape), keras.layers.ReLU()], name="net")


class Subclassed(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("shape", "given", "expected"),
    [
        ((6, 5, 3), (2, 6, 5, 3), (2, 6, 5, 3)),
        ((6, 5, 3), (6, 5, 3), (1, 6, 5, 3)),
        ((6, 5, 1), (2, 6, 5), (2, 6, 5, 1)),
        ((6, 5, 1), (6, 5), (1, 6, 5, 1)),
        ((6, 5, 1), (6, 5, 1), (1, 6, 5, 1)),
        ((6, 6, 1), (6, 6, 6), (6, 6, 6, 1)),
        ((None, None, 1), (2, 6, 5), (2, 6, 5, 1)),
        ((None, None, 1), (6, 5, 1), (1, 6, 5, 1)),
        ((None, None, 3), (6, 5, 3), (1, 6, 5, 3)),
        ((1, 6, 5), (1, 6, 5), (1, 1, 6, 5)),
    ],
)
def test_adds_the_missing_axes(shape, given, expected):
    images = np.arange(np.prod(given)).reshape(given)
    batch = as_batch(images, model(*shape))
    assert batch.shape == expected
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch.ravel(), images.ravel())


@pytest.mark.parametrize(("given", "expected"), [((2, 6, 5), (2, 6, 5, 1)), ((2, 6, 5, 3),) * 2])
def test_a_subclassed_model_takes_a_batch(given, expected):
    assert as_batch(np.zeros(given), Subclassed()).shape == expected


@pytest.mark.parametrize("dtype", ["uint8", "bool", "int64", "float16", "float64"])
def test_takes_numbers_of_any_type(dtype):
    batch = as_batch(np.ones((2, 6, 5, 1), dtype), model(6, 5, 1))
    assert batch.dtype == np.float32
    assert (batch == 1).all()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((0, 6, 5, 1)), "no images.*0, 6, 5, 1"),
        ([], "no images"),
        (np.full((1, 6, 5, 1), np.nan), "not finite"),
        (np.full((1, 6, 5, 1), np.inf), "not finite"),
        (np.full((1, 6, 5, 1), "dog"), "must be numbers"),
        (np.full((1, 6, 5, 1), None), "must be numbers"),
        (np.zeros((1, 6, 5, 1), complex), "complex"),
        (np.zeros((2, 5, 6, 1)), r"net takes .*\(batch, 6, 5, 1\), but got \(2, 5, 6, 1\)"),
        (np.zeros((2, 6, 5, 3)), r"got \(2, 6, 5, 3\)"),
        (np.zeros((1, 2, 6, 5, 1)), r"got \(1, 2, 6, 5, 1\)"),
        (np.zeros(30), r"got \(30,\)"),
        (3.0, r"got \(\)"),
    ],
)
def test_refuses_what_does_not_fit(images, message):
    with pytest.raises(DataError, match=message):
        as_batch(images, model(6, 5, 1))


def test_refuses_a_model_with_two_inputs():
    inputs = [keras.Input((6, 5, 1)), keras.Input((6, 5, 1))]
    two = keras.Model(inputs, keras.layers.Add()(inputs))
    with pytest.raises(DataError, match="takes 2 inputs"):
        as_batch(np.zeros((1, 6, 5, 1)), two)

import keras
import numpy as np
import pytest

from regard.errors import DataError
from regard.evaluation.predict import predict_probabilities

IMAGES = np.random.default_rng(0).random((7, 6, 5, 1), np.float32)


def network(outputs):
    image = keras.Input((6, 5, 1))
    flat = keras.layers.Flatten()(image)
    model = keras.Model(image, outputs(image, flat), name="net")
    model.run_eagerly = True
    return model


@pytest.fixture(scope="module")
def classifier():
    return network(lambda _, flat: keras.layers.Dense(3, activation="softmax")(flat))


def by_hand(model, images):
    kernel, bias = model.get_weights()
    scores = np.exp(images.reshape(len(images), -1) @ kernel + bias)
    return scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 256])
def test_probabilities_in_the_order_of_the_images(classifier, batch_size, monkeypatch):
    monkeypatch.setattr("regard.models.prediction.BATCH", batch_size)
    result = predict_probabilities(classifier, IMAGES)
    assert result.shape == (7, 3)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, by_hand(classifier, IMAGES), rtol=1e-4)


@pytest.mark.parametrize("images", [IMAGES[..., 0], IMAGES.astype(np.float64), IMAGES.tolist()])
def test_other_forms_of_images(classifier, images):
    result = predict_probabilities(classifier, images)
    np.testing.assert_allclose(result, by_hand(classifier, IMAGES), rtol=1e-4)


@pytest.mark.parametrize("image", [IMAGES[0], IMAGES[0, ..., 0]])
def test_one_image(classifier, image):
    result = predict_probabilities(classifier, image)
    np.testing.assert_allclose(result, by_hand(classifier, IMAGES[:1]), rtol=1e-4)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[:0], "no images"),
        (IMAGES[:, :5], r"takes images of shape \(batch, 6, 5, 1\)"),
        (np.full_like(IMAGES, np.nan), "not finite"),
        (IMAGES.astype(str), "must be numbers"),
    ],
)
def test_images_that_do_not_fit(classifier, images, message):
    with pytest.raises(DataError, match=message):
        predict_probabilities(classifier, images)


@pytest.mark.parametrize(
    "outputs", [lambda image, _: image * 2, lambda _, flat: [flat, flat * 2]], ids=["image", "two"]
)
def test_no_classifier(outputs):
    with pytest.raises(DataError, match="net is no classifier"):
        predict_probabilities(network(outputs), IMAGES)

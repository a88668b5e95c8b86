import numpy as np
import pytest

from regard import DataError, UsageError, attribution, layers
from regard.attribution.network import trace

import keras  # isort: skip


def random_weights(model, seed=5):
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return model


@pytest.fixture(scope="module")
def twice():
    """Two attention layers with a stride between them, the later one with heads."""
    parts = [
        keras.Input((10, 14, 2)),
        layers.Attention(units=3, name="early"),
        layers.Conv2D(4, 2, strides=2, name="halve"),
        layers.MultiHeadPixelAttention(heads=2, name="late"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3, activation="softmax"),
    ]
    return random_weights(keras.Sequential(parts))


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).random((3, 10, 14, 2), dtype="float32")


def scores(layer, x):
    return keras.ops.convert_to_numpy(layer(x, return_attention_scores=True)[1])


def test_rollout_of_one_layer_is_half_its_mean_attention(straight):
    images = np.random.default_rng(1).random((2, 4, 5, 3), dtype="float32")
    attention = scores(straight.get_layer("attention"), images)
    want = (attention.mean(1) + 1 / 20) / 2
    got = attribution.attention_rollout(straight, images)
    np.testing.assert_allclose(got, want.reshape(2, 4, 5), rtol=1e-5)


def test_layers_with_other_keys_or_pixels_are_left_out():
    model = keras.Sequential(
        [
            keras.Input((8, 10, 4)),
            layers.MultiHeadPixelAttention(heads=2, pool_size=2),
            layers.SqueezeExcitation(reduction_ratio=2),
            layers.Attention(name="kept"),
            layers.AttentionAugmentedConvolution(
                filters=6, kernel_size=3, key_channels=4, value_channels=4, heads=2, name="widened"
            ),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    found = trace(model, (8, 10, 4)).attending
    assert [call.path for call in found] == ["kept", "widened"]
    for name in ("attention_rollout", "gradient_weighted_attention"):
        maps = getattr(attribution, name)(model, np.ones((1, 8, 10, 4)), 0)
        assert maps.shape == (1, 8, 10) and np.isfinite(maps).all()


def test_rollout_multiplies_the_layers_across_a_stride(twice, pictures):
    early = scores(twice.get_layer("early"), pictures)
    x = twice.get_layer("halve")(twice.get_layer("early")(pictures))
    late = scores(twice.get_layer("late"), x).mean(1)
    average = np.zeros((5, 7, 10, 14))
    for row in range(5):
        for column in range(7):
            average[row, column, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = 1 / 4
    first = (early + np.eye(140)) / 2
    second = (late + np.eye(35)) / 2
    want = (second @ average.reshape(35, 140) @ first).mean(1).reshape(3, 10, 14)
    got = attribution.attention_rollout(twice, pictures, batch_size=2)
    np.testing.assert_allclose(got, want, rtol=1e-4)
    np.testing.assert_allclose(got.sum((1, 2)), 1, rtol=1e-4)


def test_rollout_tells_of_no_class(twice, pictures):
    np.testing.assert_array_equal(
        attribution.attention_rollout(twice, pictures, 0),
        attribution.attention_rollout(twice, pictures, 2),
    )


@pytest.fixture(scope="module")
def straight():
    """Attention over the image's own pixels, then linear layers alone."""
    parts = [
        keras.Input((4, 5, 3)),
        layers.Attention(units=2, name="attention"),
        layers.Flatten(),
        layers.Dense(2),
    ]
    return random_weights(keras.Sequential(parts))


def test_gradient_weighted_attention_equals_the_formula(straight):
    images = np.random.default_rng(1).random((2, 4, 5, 3), dtype="float32")
    layer = straight.get_layer("attention")
    attention = scores(layer, images)
    values = keras.ops.convert_to_numpy(layer.value(images.reshape(2, 20, 3)))
    gamma = float(keras.ops.convert_to_numpy(layer.gamma))
    gradient = straight.get_weights()[-2][:, 1].reshape(20, 3)
    by_attention = gamma * gradient @ np.swapaxes(values, 1, 2)
    rows = (by_attention * attention).sum(-1)
    want = np.einsum("bi,bij->bj", rows, attention).reshape(2, 4, 5)
    got = attribution.gradient_weighted_attention(straight, images, 1)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)
    assert want.std() > 1e-3


def test_gradient_weighted_attention_sums_to_the_attentions_part(straight):
    images = np.random.default_rng(1).random((2, 4, 5, 3), dtype="float32")
    kernel, bias = straight.get_weights()[-2:]
    without = images.reshape(2, -1) @ kernel + bias
    part = straight.predict(images, verbose=0) - without
    got = attribution.gradient_weighted_attention(straight, images, 1)
    np.testing.assert_allclose(got.sum((1, 2)), part[:, 1], rtol=1e-4)


def test_layer_is_chosen_by_path(twice, pictures):
    late = attribution.gradient_weighted_attention(twice, pictures, 1, layer="late")
    early = attribution.gradient_weighted_attention(twice, pictures, 1, layer="early")
    np.testing.assert_array_equal(attribution.gradient_weighted_attention(twice, pictures, 1), late)
    assert np.abs(late - early).max() > 1e-4
    with pytest.raises(UsageError, match=r"No layer 'lat' attends over pixels. Nearest: late"):
        attribution.gradient_weighted_attention(twice, pictures, 1, layer="lat")


@pytest.mark.parametrize("name", ["attention_rollout", "gradient_weighted_attention"])
def test_a_network_without_pixel_attention_is_told(name, linear):
    with pytest.raises(DataError, match="no layer that attends over pixels"):
        getattr(attribution, name)(linear[0], np.ones((1, 4, 5, 2)))

import keras
import numpy as np
import pytest

from regard import DataError, UsageError, attribution, layers

ROWS, COLUMNS, CHANNELS = 6, 7, 4


@pytest.fixture(scope="module")
def small():
    """One 1 x 1 convolution, two layers of weights: its gradient differs from pixel to pixel."""
    model = keras.Sequential(
        [
            keras.Input((ROWS, COLUMNS, 2)),
            layers.Conv2D(CHANNELS, 1, activation="relu", name="map"),
            layers.Flatten(),
            layers.Dense(5, activation="relu", name="hidden"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(1).random((3, ROWS, COLUMNS, 2), dtype="float32")


def by_hand(model, images, k):
    """The output of the convolution and the gradient of logit k by it, in NumPy."""
    kernel, bias, hidden, hidden_bias, out, _ = model.get_weights()
    activations = np.maximum(images @ kernel[0, 0] + bias, 0)
    before = activations.reshape(len(images), -1) @ hidden + hidden_bias
    gradients = ((before > 0) * out[:, k]) @ hidden.T
    return activations, gradients.reshape(activations.shape)


def relu(x):
    return np.maximum(x, 0)


def plus_plus(a, g):
    total = np.zeros(a.shape[:3])
    for n in range(len(a)):
        for k in range(a.shape[-1]):
            one, grad = a[n, ..., k], g[n, ..., k]
            alpha = grad**2 / (2 * grad**2 + one.sum() * grad**3)
            total[n] += (alpha * relu(grad)).sum() * one
    return relu(total)


FORMULAS = {
    "grad_cam": lambda a, g: relu((g.mean((1, 2), keepdims=True) * a).sum(-1)),
    "grad_cam_plus_plus": plus_plus,
    "hires_cam": lambda a, g: (g * a).sum(-1),
    "layer_cam": lambda a, g: relu((relu(g) * a).sum(-1)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_equals_the_formula_in_numpy(name, small, pictures):
    for k in range(3):
        want = FORMULAS[name](*by_hand(small, pictures, k))
        got = getattr(attribution, name)(small, pictures, classes=k, layer="map")
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4 * np.abs(want).max())
    assert np.abs(want).max() > 0


def test_score_cam_equals_the_formula_in_numpy(small, pictures):
    activations, _ = by_hand(small, pictures, 1)
    kernel, bias, hidden, hidden_bias, out, out_bias = small.get_weights()

    def logit(image):
        a = relu(image @ kernel[0, 0] + bias).reshape(-1)
        return (relu(a @ hidden + hidden_bias) @ out + out_bias)[1]

    want = []
    for image, maps in zip(pictures, np.moveaxis(activations, 3, 1), strict=True):
        masks = [(m - m.min()) / (np.ptp(m) or 1) for m in maps]
        scores = np.array([logit(image * mask[..., None]) for mask in masks])
        weights = np.exp(scores - scores.max())
        want.append(relu(np.tensordot(weights / weights.sum(), maps, 1)))
    got = attribution.score_cam(small, pictures, classes=1, layer="map")
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


def test_hires_cam_before_linear_layers_sums_to_the_score(images):
    model = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="map"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    model.layers[-1].bias.assign([0.5, 1.0, -2.0])
    want = model.predict(images, verbose=0)[:, 2] + 2
    got = attribution.hires_cam(model, images, classes=2).sum((1, 2))
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_default_is_the_last_layer_with_rows_and_columns(network, images):
    np.testing.assert_array_equal(
        attribution.grad_cam(network, images, 1),
        attribution.grad_cam(network, images, 1, layer="second"),
    )
    first = attribution.grad_cam(network, images, 1, layer="first")
    assert np.abs(first - attribution.grad_cam(network, images, 1)).max() > 1e-4


def test_a_nested_layer_is_known_by_its_path(build, network, images):
    np.testing.assert_allclose(
        attribution.grad_cam(build("nested"), images, 1, layer="backbone/first"),
        attribution.grad_cam(network, images, 1, layer="first"),
        atol=1e-6,
    )


def test_an_unknown_layer_is_told_with_the_nearest(build, network, images):
    with pytest.raises(UsageError, match=r"No layer 'frist' gives a map .* Nearest: first"):
        attribution.grad_cam(network, images, layer="frist")
    with pytest.raises(UsageError, match=r"'dense' gives a map with rows and columns"):
        attribution.score_cam(network, images, layer="dense")
    with pytest.raises(UsageError, match=r"Nearest: backbone/second"):
        attribution.layer_cam(build("nested"), images, layer="backbone/secnd")


def test_a_network_without_a_map_is_told(linear):
    with pytest.raises(DataError, match="no layer whose output has rows and columns"):
        attribution.grad_cam(linear[0], np.ones((1, 4, 5, 2)))


def test_the_map_lies_where_the_layer_saw():
    """A bright spot, seen through stride and padding, is bright in the map there."""
    model = keras.Sequential(
        [
            keras.Input((16, 20, 1)),
            layers.Conv2D(1, 3, strides=2, padding="same", kernel_initializer="ones", name="map"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, kernel_initializer="ones"),
        ]
    )
    image = np.zeros((1, 16, 20, 1))
    image[0, 3:5, 14:16] = 1
    found = attribution.grad_cam(model, image, 0)[0]
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert abs(row - 3.5) <= 1 and abs(column - 14.5) <= 1

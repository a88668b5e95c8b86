import keras
import numpy as np
import pytest

from regard import DataError, UsageError, attribution, layers
from regard.attribution.all_methods import that_apply
from regard.attribution.network import trace
from regard.attribution.registry import METHODS, method_function

QUICK = {
    "integrated_gradients": {"steps": 3},
    "smooth_grad": {"samples": 3},
    "occlusion": {"patch": 6, "stride": 5},
    "rise": {"masks": 5},
}
SIGNED = {
    "gradient",
    "input_x_gradient",
    "integrated_gradients",
    "smooth_grad",
    "hires_cam",
    "occlusion",
    "gradient_weighted_attention",
}


def run(name, model, images, classes=1, batch_size=32):
    return method_function(name)(model, images, classes, batch_size, **QUICK.get(name, {}))


@pytest.fixture(scope="module", params=METHODS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def maps(name, network, images):
    """Maps of the class 1, all images at a time."""
    return run(name, network, images)


def test_map_lies_on_the_image(name, maps, images):
    assert maps.shape == images.shape[:3] and maps.dtype == np.float32
    assert np.isfinite(maps).all() and maps.std() > 0
    if name not in SIGNED:
        assert maps.min() >= 0


@pytest.mark.parametrize(
    ("kind", "batch_size"),
    [("nested", 2), pytest.param("subclassed", 1, marks=pytest.mark.slow)],
)
def test_nesting_and_batch_size_change_nothing(name, kind, batch_size, maps, build, images):
    found = run(name, build(kind), images, 1, batch_size)
    np.testing.assert_allclose(found, maps, atol=1e-6, rtol=1e-4)


def test_constant_images_give_finite_maps(name, network, images):
    constant = np.full_like(images[:2], 0)
    constant[1] = 1
    assert np.isfinite(run(name, network, constant)).all()


def test_classes_are_told_apart(name, maps, network, images):
    mixed = run(name, network, images, [0, 1, 2])
    np.testing.assert_allclose(mixed[1], maps[1], atol=1e-5)
    if name != "attention_rollout":
        assert np.abs(mixed[0] - maps[0]).max() > 1e-5


def test_one_image_is_a_batch(network, images):
    one = attribution.gradient(network, images[0], 1)
    np.testing.assert_allclose(one, attribution.gradient(network, images, 1)[:1], atol=1e-6)


@pytest.mark.parametrize("kind", ["functional", pytest.param("nested", marks=pytest.mark.slow)])
def test_the_model_stays_as_it_was(kind, build, images):
    model = build(kind)
    predicted = model.predict(images, verbose=0)
    every = list(model._flatten_layers())
    before = [state(layer) for layer in every]
    weights = model.get_weights()
    for name in METHODS:
        assert np.isfinite(run(name, model, images)).all()
    assert [state(layer) for layer in every] == before
    for new, old in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(new, old)
    np.testing.assert_array_equal(model.predict(images, verbose=0), predicted)
    assert model.get_layer("dense").output.shape == (None, 3)


def state(layer):
    """What a layer holds: its attributes, and the calls that it has taken part in."""
    return set(vars(layer)), len(layer._inbound_nodes), len(layer._outbound_nodes)


@keras.saving.register_keras_serializable(package="tests")
class Counting(keras.layers.Layer):
    """Keeps the batch sizes of its calls; compiled, it is called once for each tracing."""

    def call(self, x):
        SEEN.append(x.shape[0])
        return x

    def compute_output_shape(self, shape):
        return shape


SEEN = []


def test_is_compiled_once_for_batches_of_the_asked_size(name):
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            Counting(),
            layers.Conv2D(3, 3, activation="relu"),
            layers.Attention(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    SEEN.clear()
    run(name, model, np.random.default_rng(0).random((5, 12, 12, 1)), 1, batch_size=2)
    assert set(SEEN) == {2}
    if keras.config.backend() != "torch":
        assert len(SEEN) <= (2 if name == "score_cam" else 1)


def test_channels_first_equals_channels_last(images):
    if keras.config.backend() == "tensorflow":
        pytest.skip("TensorFlow has no channels_first convolution on a CPU")

    def built(data_format):
        order = (2, 0, 1) if data_format == "channels_first" else (0, 1, 2)
        shape = tuple(np.array(images.shape[1:])[list(order)].tolist())
        model = keras.Sequential(
            [
                keras.Input(shape),
                layers.Conv2D(4, 3, activation="relu", data_format=data_format),
                layers.Attention(units=2, data_format=data_format),
                layers.GlobalAveragePooling2D(data_format=data_format),
                layers.Dense(3),
            ]
        )
        rng = np.random.default_rng(4)
        model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
        return model

    last, first = built("channels_last"), built("channels_first")
    for name in sorted(set(METHODS) - {"smooth_grad"}):
        got = run(name, first, images.transpose(0, 3, 1, 2))
        np.testing.assert_allclose(got, run(name, last, images), rtol=1e-3, atol=1e-4)
    assert run("smooth_grad", first, images.transpose(0, 3, 1, 2)).shape == images.shape[:3]


def test_one_call_for_all_that_apply(network, images, linear):
    chosen = ["gradient", "rise", "grad_cam"]
    found = attribution.attributions(network, images, chosen, classes=1, seed=3)
    assert list(found) == chosen
    np.testing.assert_array_equal(found["gradient"], run("gradient", network, images))
    np.testing.assert_array_equal(found["rise"], attribution.rise(network, images, 1, seed=3))
    assert that_apply(trace(network, images.shape[1:])) == list(METHODS)
    without = attribution.attributions(linear[0], np.ones((1, 4, 5, 2)), batch_size=256)
    assert list(without) == [n for n, method in METHODS.items() if method.needs == "image"]


def test_every_method_is_public():
    assert set(METHODS) < set(attribution.__all__) <= set(dir(attribution))
    for name in METHODS:
        assert getattr(attribution, name).__name__ == name


BAD = [
    ({"classes": 3}, UsageError, "has the classes 0 to 2, not 3"),
    ({"classes": -1}, UsageError, "has the classes 0 to 2, not -1"),
    ({"classes": [0, 1]}, UsageError, "3 integers, one for each image"),
    ({"classes": 0.5}, UsageError, "classes must be None, an integer"),
    ({"batch_size": 0}, UsageError, "batch_size must be an integer of at least 1, not 0"),
    (
        {"methods": ["gradcam"]},
        UsageError,
        "No attribution method is called 'gradcam'. Nearest: gr",
    ),
    ({"seed": -1, "methods": ["rise"]}, UsageError, "seed must be an integer of at least 0"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD)
def test_bad_arguments_are_told(arguments, error, message, network, images):
    with pytest.raises(error, match=message):
        attribution.attributions(network, images, **arguments)


def test_bad_images_and_models_are_told(network, images):
    with pytest.raises(DataError, match="takes images of shape"):
        attribution.gradient(network, images[:, :5])
    decoder = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3)], name="decoder")
    with pytest.raises(DataError, match="decoder is no classifier"):
        attribution.gradient(decoder, np.ones((1, 8, 8)))


def test_a_network_that_was_never_called_is_built():
    model = keras.Sequential([layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])
    assert attribution.grad_cam(model, np.ones((1, 8, 9, 1))).shape == (1, 8, 9)

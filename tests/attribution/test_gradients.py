import keras
import numpy as np
import pytest

from regard import attribution, layers


def some(shape=(4, 5, 2), count=2):
    return np.random.default_rng(1).random((count, *shape), dtype="float32")


def test_gradient_of_a_linear_network_is_its_weights(linear):
    model, weights = linear
    maps = attribution.gradient(model, some(), classes=[0, 2])
    want = np.stack([weights[..., 0].sum(-1), weights[..., 2].sum(-1)])
    np.testing.assert_allclose(maps, want, atol=1e-5)


def test_input_x_gradient_of_a_linear_network_is_weights_times_input(linear):
    model, weights = linear
    maps = attribution.input_x_gradient(model, some(), classes=1)
    np.testing.assert_allclose(maps, (some() * weights[..., 1]).sum(-1), atol=1e-5)


def test_the_predicted_class_is_explained_by_default(linear):
    model, _ = linear
    predicted = model.predict(some(count=6), verbose=0).argmax(-1)
    np.testing.assert_allclose(
        attribution.gradient(model, some(count=6)),
        attribution.gradient(model, some(count=6), classes=predicted),
    )


def test_gradient_agrees_with_finite_differences(network, images):
    maps = attribution.gradient(network, images[:1], classes=1)
    row, column, small = 6, 7, 1e-2
    both = np.repeat(images[:1], 2, 0)
    both[:, row, column] += np.array([[small], [-small]])
    up, down = np.log(network.predict(both, verbose=0))
    slope = ((up - up[0]) - (down - down[0]))[1] / (2 * small)
    against = maps - attribution.gradient(network, images[:1], classes=0)
    np.testing.assert_allclose(against[0, row, column], slope, rtol=2e-2, atol=1e-4)


ENDS = {
    "softmax in Dense": lambda: [layers.Dense(3, activation="softmax")],
    "sigmoid in Dense": lambda: [layers.Dense(3, activation="sigmoid")],
    "no bias": lambda: [layers.Dense(3, activation="softmax", use_bias=False)],
    "Softmax": lambda: [layers.Dense(3), layers.Softmax()],
    "Activation": lambda: [layers.Dense(3), layers.Activation("softmax")],
    "float32 at the end": lambda: [
        layers.Dense(3, activation="softmax"),
        layers.Activation("linear", dtype="float32"),
    ],
    "logits": lambda: [layers.Dense(3)],
}


@pytest.mark.parametrize("end", ENDS)
def test_the_score_is_the_logit(end):
    model = keras.Sequential([keras.Input((4, 5, 2)), layers.Flatten(), *ENDS[end]()])
    dense = next(layer for layer in model.layers if isinstance(layer, layers.Dense))
    want = keras.ops.convert_to_numpy(dense.kernel)[:, 2].reshape(4, 5, 2).sum(-1)
    maps = attribution.gradient(model, some(), classes=2)
    np.testing.assert_allclose(maps, np.stack([want, want]), atol=1e-6)


def test_softmax_operation_is_seen():
    inputs = keras.Input((4, 5, 2))
    dense = layers.Dense(3)
    model = keras.Model(inputs, keras.ops.softmax(dense(layers.Flatten()(inputs))))
    want = keras.ops.convert_to_numpy(dense.kernel)[:, 0].reshape(4, 5, 2).sum(-1)
    np.testing.assert_allclose(attribution.gradient(model, some(), 0)[1], want, atol=1e-6)


def test_one_sigmoid_tells_of_two_classes():
    model = keras.Sequential(
        [keras.Input((4, 5, 1)), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    )
    model.layers[-1].set_weights([np.arange(20.0).reshape(20, 1), np.array([-80.0])])
    dark, bright = np.zeros((4, 5, 1)), np.ones((4, 5, 1))
    maps = attribution.gradient(model, np.stack([dark, bright]))
    np.testing.assert_allclose(maps[1].reshape(-1), np.arange(20), atol=1e-5)
    np.testing.assert_allclose(maps[0], -maps[1])


@pytest.fixture(scope="module")
def smooth():
    """A network without kinks, for which a few points on the way are enough."""
    return keras.Sequential(
        [
            keras.Input((4, 5, 2)),
            layers.Conv2D(4, 3, activation="tanh"),
            layers.Attention(units=2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )


@pytest.mark.parametrize("baseline", [0.25, "image", "images"])
def test_integrated_gradients_are_complete(smooth, baseline):
    shape = {"image": (4, 5, 2), "images": (2, 4, 5, 2)}.get(baseline)
    start = np.random.default_rng(8).random(shape) if shape else baseline
    whole = np.broadcast_to(start, (2, 4, 5, 2))
    want = smooth.predict(some(), verbose=0) - smooth.predict(whole, verbose=0)
    got = attribution.integrated_gradients(smooth, some(), 2, steps=12, baseline=start)
    np.testing.assert_allclose(got.sum((1, 2)), want[:, 2], rtol=1e-3, atol=1e-5)


def test_more_steps_bring_integrated_gradients_nearer_to_completeness(network, images):
    scores = np.log(network.predict(np.concatenate([images, 0 * images]), verbose=0))
    want = (scores[:3] - scores[3:]) @ [-1, 0, 1]
    errors = []
    for steps in (2, 60):
        both = [
            attribution.integrated_gradients(network, images, k, 256, steps=steps).sum((1, 2))
            for k in (2, 0)
        ]
        errors.append(np.abs(both[0] - both[1] - want).max() / np.abs(want).max())
    assert errors[1] < min(errors[0], 0.05)


def test_smooth_grad_of_a_linear_network_is_the_gradient(linear):
    model, _ = linear
    np.testing.assert_allclose(
        attribution.smooth_grad(model, some(), 1, samples=5),
        attribution.gradient(model, some(), 1),
        atol=1e-5,
    )


def test_smooth_grad_is_the_mean_over_noisy_images(network, images):
    from regard.attribution.noisy_gradients import standard_noise

    noise = np.stack([standard_noise(images.shape[1:], 4, n) for n in range(6)])
    copies = images[1] + 0.3 * np.ptp(images[1]) * noise
    got = attribution.smooth_grad(network, images, 1, samples=6, noise=0.3, seed=4)
    want = attribution.gradient(network, copies, 1).mean(0)
    np.testing.assert_allclose(got[1], want, atol=1e-5)
    assert np.abs(noise.mean()) < 0.05 and np.abs(noise.std() - 1) < 0.05


def test_seed_chooses_the_noise(network, images):
    one, same, other = (
        attribution.smooth_grad(network, images, 1, samples=3, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3

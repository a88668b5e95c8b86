"""The hand-written networks against the Keras one, where their libraries are installed."""

import importlib.util

import numpy as np
import pytest

from regard.benchmarking.work import samples

STEPS = 3


def needs(package):
    return pytest.mark.skipif(not importlib.util.find_spec(package), reason=f"needs {package}")


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A file of weights whose attention does something, and the losses of stock Keras."""
    from regard.benchmarking.keras_contender import KerasContender

    path = tmp_path_factory.mktemp("weights") / "weights.npz"
    contender = KerasContender("stock", path)
    with np.load(path) as arrays:
        weights = dict(arrays)
    weights["attention/gamma"] = np.float32(0.5)
    rng = np.random.default_rng(0)
    for name in weights:
        if name.endswith("bias"):
            weights[name] = rng.normal(size=weights[name].shape).astype("float32") / 10
    np.savez(path, **weights)
    return path, contender.losses(*samples(STEPS))


@pytest.mark.parametrize(
    "name",
    [
        "regard",
        pytest.param("pytorch", marks=needs("torch")),
        pytest.param("pytorch-plain", marks=needs("torch")),
        pytest.param("jax", marks=needs("jax")),
    ],
)
def test_losses_are_those_of_stock_keras(start, name, monkeypatch):
    from regard.benchmarking.hand_written import HandWritten
    from regard.benchmarking.keras_contender import KerasContender

    path, expected = start
    if importlib.util.find_spec("torch"):
        monkeypatch.setattr("regard.benchmarking.torch_network.has_compiler", lambda: False)
    contender = (KerasContender if name == "regard" else HandWritten)(name, path)
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(contender.losses(*samples(STEPS)), expected, atol=1e-4)


def test_losses_of_steps_are_not_means(start):
    from regard.benchmarking.keras_contender import KerasContender

    images, labels = samples(2)
    contender = KerasContender("stock", start[0])
    model = contender._network()
    singles = [model.evaluate(images[:64], labels[:64], 64, verbose=0)[0]]
    model.train_on_batch(images[:64], labels[:64])
    singles.append(model.evaluate(images[64:], labels[64:], 64, verbose=0)[0])
    np.testing.assert_allclose(contender.losses(images, labels), singles, atol=1e-5)


def test_samples_start_again_at_their_end():
    images, labels = samples(94)
    assert images.shape == (94 * 64, 28, 28, 1)
    np.testing.assert_array_equal(images[6000:], images[:16])
    np.testing.assert_array_equal(labels[6000:], labels[:16])


def test_the_work_of_a_step_is_counted_by_hand():
    from regard import models
    from regard.benchmarking.keras_contender import step_multiply_adds

    pixels = 12 * 12
    attention = pixels * 64 * (32 + 32 + 64) + pixels * pixels * (32 + 64)
    convolution = 24 * 24 * 5 * 5 * 64
    dense = 9216 * 128 + 128 * 10
    by_hand = 64 * (2 * convolution + 3 * (attention + dense))
    assert step_multiply_adds(models.tutorial()) == pytest.approx(by_hand, rel=0.01)

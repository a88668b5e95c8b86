import numpy as np
import pytest

from regard.layers import tanh_sums
from regard.layers.keras_attention import PixelAdditiveAttention
from tests.layers.reference.compare import run

import keras  # isort: skip

PIXELS = np.random.default_rng(0).normal(size=(3, 7, 5)).astype("float32")
WEIGHTS = np.random.default_rng(1).normal(size=5).astype("float32")


@pytest.fixture
def one_at_a_time(monkeypatch, tmp_path):
    def cut():
        monkeypatch.setattr(tanh_sums, "WHOLE", 0)
        monkeypatch.setattr(tanh_sums, "ACCELERATOR", tmp_path / "none")

    return cut


def outcome():
    def call(x, return_attention_scores):
        return tanh_sums.tanh_sums(*x), keras.ops.zeros(1)

    seed = np.random.default_rng(2).normal(size=(3, 7, 7))
    output, _, gradients = run(call, [PIXELS, WEIGHTS], seed, "float32")
    return [output, *gradients]


def test_one_at_a_time_gives_the_whole_and_its_gradients(one_at_a_time):
    want = outcome()
    one_at_a_time()
    for got, wanted in zip(outcome(), want, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_equals_the_formula(one_at_a_time):
    one_at_a_time()
    want = np.tanh(PIXELS[:, :, None] + PIXELS[:, None]) @ WEIGHTS
    np.testing.assert_allclose(outcome()[0], want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(4, 3), (None, None)], ids=["known", "unknown"])
def test_trains_one_at_a_time_as_whole(one_at_a_time, size):
    x = np.random.default_rng(3).normal(size=(4, 4, 3, 8)).astype("float32")

    def weights_after_training():
        keras.utils.set_random_seed(0)
        inputs = keras.Input((*size, 8))
        layer = PixelAdditiveAttention(data_format="channels_last")
        outputs = keras.layers.GlobalMaxPooling2D()(layer(inputs))
        model = keras.Model(inputs, keras.layers.Dense(2)(outputs))
        model.compile("sgd", "mse", jit_compile=False)
        model.fit(x, np.ones((4, 2)), batch_size=2, epochs=2, shuffle=False, verbose=0)
        return model.get_weights()

    want = weights_after_training()
    one_at_a_time()
    for got, wanted in zip(weights_after_training(), want, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-5)

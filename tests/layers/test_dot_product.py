import numpy as np
import pytest

from regard import layers
from regard.layers import dot_product, limit_scores
from tests.layers.reference.compare import run

import keras  # isort: skip

IMAGES, QUERIES, KEYS, SIZE = 5, 23, 17, 6


@pytest.fixture
def in_parts(monkeypatch):
    def cut(logits):
        monkeypatch.setattr(dot_product, "WHOLE", 0)
        monkeypatch.setattr(dot_product, "PART", logits)

    return cut


def inputs():
    rng = np.random.default_rng(0)
    shapes = [(IMAGES, 3, *rest) for rest in ((QUERIES, SIZE), (KEYS, SIZE), (KEYS, 5))]
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


def outcome():
    def call(x, return_attention_scores):
        return dot_product.attend(*x), keras.ops.zeros(1)

    seed = np.random.default_rng(1).normal(size=(IMAGES, 3, QUERIES, 5))
    output, _, gradients = run(call, inputs(), seed, "float32")
    return [output, *gradients]


@pytest.mark.parametrize("rows", [1, 5, QUERIES - 1, QUERIES, 4 * QUERIES, 15 * QUERIES])
def test_parts_give_the_whole_and_its_gradients(in_parts, rows):
    want = outcome()
    in_parts(KEYS * rows)
    for got, wanted in zip(outcome(), want, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_no_images_give_none(monkeypatch):
    monkeypatch.setattr(dot_product, "_is_jax_on_cpu", lambda: True)
    none = [x[:0] for x in inputs()]
    assert tuple(dot_product.attend(*none).shape) == (0, 3, QUERIES, 5)


def test_equals_the_formula(in_parts):
    queries, keys, values = inputs()
    in_parts(IMAGES * 3 * KEYS * 4)
    logits = np.exp(queries @ keys.swapaxes(-1, -2))
    want = logits / logits.sum(-1, keepdims=True) @ values
    got = keras.ops.convert_to_numpy(dot_product.attend(queries, keys, values))
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


KNOWN, UNKNOWN = (9, 7), (None, None)


@pytest.mark.parametrize(
    ("size", "images", "rows", "jit"),
    [
        (KNOWN, 4, 20, False),
        (UNKNOWN, 4, 20, False),
        (UNKNOWN, 5, 20, False),
        (KNOWN, 5, 20, True),
        (UNKNOWN, 5, 100, True),
    ],
    ids=["whole_batches", "unknown_size", "unknown_batch", "compiled", "compiled_in_one_part"],
)
def test_trains_in_parts_as_whole(in_parts, size, images, rows, jit):
    jit = jit and keras.config.backend() != "torch"
    x = np.random.default_rng(2).normal(size=(images, 9, 7, 8)).astype("float32")

    def weights_after_training():
        keras.utils.set_random_seed(0)
        inputs = keras.Input((*size, 8))
        layer = layers.Attention(units=4, data_format="channels_last")
        model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(layer(inputs)))
        layer.gamma.assign(1.0)
        model.compile("sgd", "mse", jit_compile=jit)
        model.fit(x, np.ones((images, 8)), batch_size=2, epochs=2, shuffle=False, verbose=0)
        return model.get_weights()

    want = weights_after_training()
    in_parts(63 * rows)
    for got, wanted in zip(weights_after_training(), want, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-5)


def test_scores_over_the_limit_name_the_figure_and_the_ways_out():
    layer = layers.Attention(units=4, data_format="channels_last")
    x = np.zeros((2, 12, 12, 8), "float32")
    before = limit_scores(2 * 144 * 144 * 4 - 1)
    try:
        with pytest.raises(MemoryError, match=r"0\.00 GiB.*fewer images.*limit_scores"):
            layer(x, return_attention_scores=True)
        limit_scores(2 * 144 * 144 * 4)
        layer(x, return_attention_scores=True)
    finally:
        limit_scores(before)
    assert before == 2**30


def test_a_wrong_limit_is_named():
    with pytest.raises(ValueError, match="size must be an integer of at least 1, not 0"):
        limit_scores(0)


@pytest.mark.parametrize("images", [1, 2, 3, 100])
def test_slices_give_the_whole_and_its_gradients(monkeypatch, images):
    monkeypatch.setattr(dot_product, "_is_jax_on_cpu", lambda: False)
    want = outcome()
    monkeypatch.setattr(dot_product, "_is_jax_on_cpu", lambda: True)
    monkeypatch.setattr(dot_product, "SLICE", 3 * KEYS * QUERIES * images)
    for got, wanted in zip(outcome(), want, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)

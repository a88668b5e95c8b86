import pytest

from regard import models
from regard.errors import UsageError
from regard.layers import dot_product
from regard.layers.registry import make_layer

import keras  # isort: skip

layers = keras.layers
PIXELS, CHANNELS = 5 * 7, 8


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda: layers.Dense(3), PIXELS * CHANNELS * 3),
        (lambda: layers.Conv2D(6, 3), 3 * 5 * 6 * 9 * CHANNELS),
        (lambda: layers.Conv2D(6, (1, 3), strides=2, padding="same"), 3 * 4 * 6 * 3 * CHANNELS),
        (lambda: layers.Conv2D(6, 3, padding="same", dilation_rate=2), PIXELS * 6 * 9 * CHANNELS),
        (lambda: layers.Conv2D(6, 3, groups=2), 3 * 5 * 6 * 9 * CHANNELS // 2),
        (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), 3 * 5 * 2 * CHANNELS * 9),
        (lambda: layers.SeparableConv2D(6, 3), 3 * 5 * (CHANNELS * 9 + CHANNELS * 6)),
        (lambda: layers.Conv2DTranspose(6, 3, strides=2), PIXELS * CHANNELS * 9 * 6),
        (lambda: layers.EinsumDense("bhwc,cd->bhwd", (5, 7, 3)), PIXELS * CHANNELS * 3),
        (lambda: layers.EinsumDense("...c,cd->...d", 3), PIXELS * CHANNELS * 3),
        (layers.BatchNormalization, 0),
        (layers.MaxPooling2D, 0),
        (lambda: make_layer("squeeze_excitation", reduction_ratio=4), 2 * CHANNELS * 2),
        (
            lambda: make_layer("pixel", units=2),
            PIXELS * CHANNELS * (2 + 2 + CHANNELS) + PIXELS**2 * (2 + CHANNELS),
        ),
    ],
)
def test_counts_what_is_known(layer, expected):
    assert models.count_multiply_adds(layer(), (5, 7, 8)) == expected


def test_counts_the_products_of_multi_head_attention():
    pixels = keras.Input((6, 8))
    model = keras.Model(pixels, layers.MultiHeadAttention(2, 3)(pixels, pixels))
    projections = 6 * 8 * 2 * 4 * 3
    assert models.count_multiply_adds(model) == projections + 2 * 6 * 6 * 2 * 3


@pytest.mark.parametrize(
    ("product", "shapes", "expected"),
    [
        (keras.ops.matmul, [(2, 3, 4), (2, 4, 5)], 2 * 3 * 4 * 5),
        (keras.ops.matmul, [(2, 3, 4), (4,)], 2 * 3 * 4),
        (keras.ops.dot, [(3, 4), (4, 5)], 3 * 4 * 5),
        (lambda a, b: keras.ops.tensordot(a, b, 2), [(2, 3, 4), (3, 4, 5)], 2 * 12 * 5),
        (lambda a, b: keras.ops.einsum("...ij,kj...->k...i", a, b), [(2, 3, 4), (5, 4, 2)], 120),
    ],
)
def test_counts_each_kind_of_product(product, shapes, expected):
    a, b = map(keras.ops.ones, shapes)

    class Product(keras.layers.Layer):
        def call(self, x):
            return product(a, b)

    assert models.count_multiply_adds(Product(), (1,)) == expected


def test_counts_each_turn_of_a_loop(monkeypatch):
    layer = make_layer("pixel", units=2)
    whole = models.count_multiply_adds(layer, (5, 7, 8))
    monkeypatch.setattr(dot_product, "WHOLE", 0)
    monkeypatch.setattr(dot_product, "PART", 3 * PIXELS)
    assert models.count_multiply_adds(layer, (5, 7, 8)) == whole


def test_a_model_needs_no_shape():
    model = models.tutorial()
    convolutions = 26**2 * 9 * 32 + 24**2 * 9 * 32 * 64
    attention = 144 * 64 * (32 + 32 + 64) + 144**2 * (32 + 64)
    head = 12 * 12 * 64 * 128 + 128 * 10
    assert models.count_multiply_adds(model) == convolutions + attention + head


def test_counting_leaves_keras_as_it_was():
    before = keras.src.backend.numpy.matmul
    models.count_multiply_adds(layers.Dense(2), (3,))
    with pytest.raises(ValueError, match="negative"):
        models.count_multiply_adds(layers.Conv2D(2, 5), (3, 3, 1))
    assert keras.src.backend.numpy.matmul is before


@pytest.mark.parametrize("model", [layers.Dense(2), keras.Sequential([keras.Input((None, 3))])])
def test_says_that_the_shape_is_missing(model):
    with pytest.raises(UsageError, match="Give input_shape"):
        models.count_multiply_adds(model)

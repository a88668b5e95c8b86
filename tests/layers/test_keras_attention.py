import numpy as np
import pytest

from regard.layers.keras_attention import PixelAdditiveAttention, PixelDotProductAttention
from regard.layers.keras_multi_head_attention import PixelMultiHeadAttention

import keras  # isort: skip

X = np.random.default_rng(0).normal(size=(2, 4, 3, 8)).astype("float32")
PIXELS = X.reshape(2, 12, 8)


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def same(ours, theirs):
    output, attention = map(array, ours)
    want, want_attention = map(array, theirs)
    np.testing.assert_allclose(output.reshape(want.shape), want, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(attention, want_attention, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("ours", "stock", "arguments"),
    [
        (PixelDotProductAttention, keras.layers.Attention, {"use_scale": True}),
        (PixelDotProductAttention, keras.layers.Attention, {"score_mode": "concat"}),
        (PixelAdditiveAttention, keras.layers.AdditiveAttention, {}),
        (PixelAdditiveAttention, keras.layers.AdditiveAttention, {"use_scale": False}),
    ],
)
def test_is_keras_over_the_pixels(ours, stock, arguments):
    ours, stock = ours(data_format="channels_last", **arguments), stock(**arguments)
    ours.build(X.shape)
    stock.build([PIXELS.shape] * 2)
    rng = np.random.default_rng(1)
    for left, right in zip(ours.weights, stock.weights, strict=True):
        value = rng.normal(size=right.shape)
        left.assign(value)
        right.assign(value)
    same(
        ours(X, return_attention_scores=True),
        stock([PIXELS, PIXELS], return_attention_scores=True),
    )


@pytest.mark.parametrize("value_channels", [None, 5])
def test_multi_head_is_keras_over_the_pixels(value_channels):
    ours = PixelMultiHeadAttention(2, 3, value_channels, data_format="channels_last")
    stock = keras.layers.MultiHeadAttention(2, 3, value_channels)
    ours.build(X.shape)
    stock.build(PIXELS.shape, PIXELS.shape)
    rng = np.random.default_rng(1)
    for left, right in zip(ours.weights, stock.weights, strict=True):
        value = rng.normal(size=left.shape)
        left.assign(value)
        right.assign(value.reshape(right.shape))
    same(
        ours(X, return_attention_scores=True),
        stock(PIXELS, PIXELS, return_attention_scores=True),
    )


def test_heads_share_the_channels_by_default():
    layer = PixelMultiHeadAttention(data_format="channels_last")
    layer.build((None, None, None, 32))
    assert layer.heads == 8
    assert [d.units for d in (layer.query, layer.key, layer.value, layer.project)] == [32] * 4


def test_heads_must_divide_the_channels_unless_their_size_is_given():
    with pytest.raises(ValueError, match="heads=3 does not divide the 8 channels"):
        PixelMultiHeadAttention(3, data_format="channels_last").build(X.shape)
    layer = PixelMultiHeadAttention(3, key_channels=2, data_format="channels_last")
    assert layer(X).shape == X.shape


@pytest.mark.parametrize(
    ("cls", "wrong"),
    [
        (PixelDotProductAttention, {"use_scale": 1}),
        (PixelDotProductAttention, {"score_mode": "cosine"}),
        (PixelAdditiveAttention, {"use_scale": None}),
        (PixelMultiHeadAttention, {"heads": 0}),
        (PixelMultiHeadAttention, {"key_channels": -1}),
        (PixelMultiHeadAttention, {"value_channels": 1.5}),
        (PixelMultiHeadAttention, {"use_bias": "no"}),
    ],
)
def test_names_a_wrong_argument(cls, wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        cls(**wrong)

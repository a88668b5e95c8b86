"""The forms for a backend give what Keras gives: outputs, gradients, ties, NaN."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from regard import datasets
from regard.models.folding import forms
from regard.models.folding.window import Window

pytestmark = pytest.mark.skipif(
    keras.config.backend() not in forms.BACKENDS, reason="Keras's own are the fastest here"
)


def gradients(function, *inputs):
    """The gradients of a weighted sum of the outputs, as arrays."""
    arrays = [np.asarray(one, "float32") for one in inputs]
    shape = function(*map(ops.convert_to_tensor, arrays)).shape
    weights = ops.convert_to_tensor(np.random.default_rng(1).normal(size=shape).astype("float32"))

    def loss(*given):
        return ops.sum(function(*given) * weights)

    if keras.config.backend() == "jax":
        import jax

        return [np.asarray(g) for g in jax.grad(loss, range(len(arrays)))(*arrays)]
    import torch

    given = [torch.tensor(one, requires_grad=True) for one in arrays]
    return [g.numpy() for g in torch.autograd.grad(loss(*given), given)]


def assert_same(ours, keras_own, *inputs):
    arrays = [ops.convert_to_tensor(np.asarray(one, "float32")) for one in inputs]
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours(*arrays)), ops.convert_to_numpy(keras_own(*arrays)), atol=1e-4
    )
    pairs = zip(gradients(ours, *inputs), gradients(keras_own, *inputs), strict=True)
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine, theirs, atol=1e-3)


@settings(max_examples=15, deadline=None)
@given(
    size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    pads=st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 5)),
)
def test_convolutions(size, strides, dilation, pads, channels):
    window = Window((11, 10), *channels, 1, size, strides, dilation, pads)
    convolve = forms.convolution(window, "channels_last")
    assert convolve is not None
    rng = np.random.default_rng(0)
    images = rng.normal(size=(2, 11, 10, channels[0]))
    kernel = rng.normal(size=(*size, *channels))

    def ours(x, kernel):
        return convolve(x, kernel, strides, dilation, 1, pads)

    def keras_own(x, kernel):
        # a stride beside a dilation is what Keras refuses, so every pixel is taken and then some
        x = ops.pad(x, ((0, 0), *pads, (0, 0)))
        y = ops.conv(x, kernel, 1, "valid", "channels_last", dilation)
        return y[:, :: strides[0], :: strides[1]]

    assert_same(ours, keras_own, images, kernel)


@pytest.mark.parametrize("size", [(2, 2), (3, 3), (2, 3)])
def test_max_pooling_of_real_images_full_of_ties(size):
    layer = keras.layers.MaxPooling2D(size)
    pool = forms.max_pool(layer)
    assert pool is not None
    images = datasets.load("fashion-mnist-sample").test.images[:4, ..., None] / 255
    assert (images == 0).mean() > 0.3
    assert_same(pool, layer, images)


def test_max_pooling_keeps_not_a_number():
    pool = forms.max_pool(keras.layers.MaxPooling2D(2))
    for place in range(4):
        image = np.zeros((1, 2, 2, 1), "float32")
        image.flat[place] = np.nan
        assert np.isnan(ops.convert_to_numpy(pool(ops.convert_to_tensor(image)))).all()


@pytest.mark.parametrize(
    "arguments",
    [
        {"pool_size": 3, "strides": 2},
        {"pool_size": 2, "padding": "same"},
        {"pool_size": 2, "data_format": "channels_first"},
    ],
    ids=lambda arguments: "+".join(arguments),
)
def test_other_poolings_are_left_to_keras(arguments):
    assert forms.max_pool(keras.layers.MaxPooling2D(**arguments)) is None


def test_channels_first_is_left_to_keras():
    window = Window((9, 9), 1, 4, 1, (3, 3), (1, 1), (1, 1), ((0, 0), (0, 0)))
    assert forms.convolution(window, "channels_first") is None

"""The forms for a backend give what Keras gives: outputs, gradients, ties, NaN."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from regard import datasets, models
from regard.models import fold
from regard.models.folding import forms
from regard.models.folding.batch_norm import batch_norm
from regard.models.folding.window import Window

convolves = pytest.mark.skipif(
    keras.config.backend() == "tensorflow", reason="TensorFlow's own are its fastest"
)
normalises = pytest.mark.skipif(
    keras.config.backend() == "jax", reason="XLA makes one loop of Keras's own"
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
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        given = [tf.Variable(one) for one in arrays]
        with tf.GradientTape() as tape:
            outcome = loss(*given)
        return [g.numpy() for g in tape.gradient(outcome, given)]
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


@convolves
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
        # Keras refuses a stride beside a dilation, so all pixels are computed and some kept
        x = ops.pad(x, ((0, 0), *pads, (0, 0)))
        y = ops.conv(x, kernel, 1, "valid", "channels_last", dilation)
        return y[:, :: strides[0], :: strides[1]]

    assert_same(ours, keras_own, images, kernel)


@convolves
@pytest.mark.parametrize("size", [(2, 2), (3, 3), (2, 3)])
def test_max_pooling_of_real_images_full_of_ties(size):
    layer = keras.layers.MaxPooling2D(size)
    pool = forms.max_pool(layer)
    assert pool is not None
    images = datasets.load("fashion-mnist-sample").test.images[:4, ..., None] / 255
    assert (images == 0).mean() > 0.3
    assert_same(pool, layer, images)


@convolves
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


@pytest.fixture
def feature_map():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(6, 5, 4, 3)) * [1, 30, 1e-3] + [0, 100, 1]).astype("float32")


def norm(**arguments):
    """A batch norm of three channels with weights that differ."""
    layer = keras.layers.BatchNormalization(**arguments)
    layer.build((None, 5, 4, 3))
    for number, weight in enumerate(layer.weights):
        weight.assign(weight + np.array([0.5, 1.0, 2.0]) * (number + 1))
    return layer


@normalises
@pytest.mark.parametrize(
    "arguments",
    [{}, {"scale": False}, {"center": False}, {"epsilon": 0.1, "momentum": 0.5}],
    ids=lambda arguments: "+".join(arguments) or "default",
)
def test_batch_norm_in_training(feature_map, arguments):
    layer, other = norm(**arguments), norm(**arguments)
    form = batch_norm(layer, (None, 5, 4, 3))

    def own(x):
        return other(x, training=True)

    x = ops.convert_to_tensor(feature_map)
    np.testing.assert_allclose(
        ops.convert_to_numpy(form(x)), ops.convert_to_numpy(own(x)), atol=2e-3, rtol=1e-4
    )
    for mine, theirs in zip(layer.weights, other.weights, strict=True):
        values = ops.convert_to_numpy(mine), ops.convert_to_numpy(theirs)
        np.testing.assert_allclose(*values, rtol=1e-5, err_msg=mine.path)
    (mine,), (theirs,) = gradients(form, feature_map), gradients(own, feature_map)
    np.testing.assert_allclose(mine, theirs, atol=2e-4 * np.abs(theirs).max())


@normalises
def test_batch_norm_of_one_value_a_channel():
    layer, other = norm(), norm()
    x = ops.convert_to_tensor(np.ones((1, 1, 1, 3), "float32"))
    y, wanted = batch_norm(layer, (None, 1, 1, 3))(x), other(x, training=True)
    np.testing.assert_allclose(ops.convert_to_numpy(y), ops.convert_to_numpy(wanted), atol=1e-5)
    moved = ops.convert_to_numpy(layer.moving_variance)
    np.testing.assert_allclose(moved, ops.convert_to_numpy(other.moving_variance), rtol=1e-5)


@normalises
@pytest.mark.parametrize(
    "arguments",
    [{"renorm": True}, {"axis": 1}, {"dtype": "mixed_float16"}],
    ids=lambda arguments: "+".join(arguments),
)
def test_other_batch_norms_are_left_to_keras(arguments):
    layer = keras.layers.BatchNormalization(**arguments)
    assert batch_norm(layer, (None, 5, 4, 3)) is None
    assert batch_norm(keras.layers.BatchNormalization(), (None, 3)) is None


def test_a_frozen_batch_norm_keeps_its_averages():
    images = datasets.load("fashion-mnist-sample").test.images[:8, ..., None] / 255
    frozen, trained = keras.layers.BatchNormalization(), keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((28, 28, 1)), frozen, trained])
    frozen.trainable = False
    before = model.get_weights()
    fold(model)(images, training=True)
    moved = [not np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True)]
    averages = (trained.moving_mean, trained.moving_variance)
    assert moved == [any(weight is one for one in averages) for weight in model.weights]


def test_a_residual_network_gives_the_same_in_training():
    images = datasets.load("fashion-mnist-sample").test.images[:16, ..., None] / 255
    keras.utils.set_random_seed(0)
    model = models.resnet20()
    start = model.get_weights()
    folded = fold(model)
    ends = []
    for one in (model, folded):
        model.set_weights(start)
        y = ops.convert_to_numpy(one(images, training=True))
        ends.append([y, *model.get_weights()])
    for mine, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


@normalises
def test_every_batch_norm_of_a_network_has_its_form():
    model = models.resnet20()
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert len(fold(model).in_training) == len(norms) == 19
    assert not fold(model, training=False).in_training


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float64"])
def test_batch_norm_of_another_type(dtype):
    images = datasets.load("fashion-mnist-sample").test.images[:8, ..., None]
    model = keras.Sequential(
        [keras.Input((28, 28, 1), dtype=dtype), keras.layers.BatchNormalization()]
    )
    ends = []
    for one in (model, fold(model)):
        y = one(ops.cast(images, dtype), training=True)
        ends.append((keras.backend.standardize_dtype(y.dtype), ops.convert_to_numpy(y)))
    assert ends[0][0] == ends[1][0]
    np.testing.assert_allclose(ends[0][1], ends[1][1], atol=1e-4)


@pytest.mark.filterwarnings("ignore:Layer 'sequential")  # which hands no mask on
@pytest.mark.parametrize("how", ["nested", "told"])
def test_a_masked_batch_norm_is_left_to_keras(how):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 5, 6, 3)).astype("float32")
    x[:, :, 3:] = 0
    inputs = keras.Input((5, 6, 3))
    masked = keras.layers.Masking()(inputs)
    norm = keras.layers.BatchNormalization()
    if how == "nested":
        y = keras.Sequential([keras.Input((5, 6, 3)), norm])(masked)
    else:
        y = norm(masked, training=None)
    model = keras.Model(inputs, y)
    start, ends = model.get_weights(), []
    for one in (model, fold(model)):
        model.set_weights(start)
        y = ops.convert_to_numpy(one(ops.convert_to_tensor(x), training=True))
        ends.append([y, *model.get_weights()])
    for mine, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)

"""A training that leaves the finite numbers stops, and goes back to before that step."""

import keras
import numpy as np
import pytest

from regard.training import NotFinite
from regard.training.loop import finite, fit

STEPS = {"batch_size": 10, "shuffle": False, "verbose": 0}


def state(model):
    """Weights, seeds and what the optimizer keeps."""
    variables = model.variables + model.optimizer.variables
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def assert_same_state(model, other):
    for mine, its in zip(state(model), state(other), strict=True):
        assert np.isfinite(mine).all()
        np.testing.assert_allclose(mine, its, atol=1e-6)


def spoilt(images, sample, value=np.nan):
    """The images with a pixel of one of them that is no number."""
    images = images.astype("float32")
    images[sample, 3, 3] = value
    return images


@keras.saving.register_keras_serializable(package="tests")
class BreaksAt(keras.layers.Layer):
    """Takes the root of a negative number from a step on, counted from 1."""

    def __init__(self, step, **kwargs):
        super().__init__(**kwargs)
        self.step = step
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, name="seen")

    def call(self, x, training=False):
        if training:
            self.seen.assign_add(1.0)
        return x + keras.ops.sqrt(self.step - 1 - self.seen) * 1e-3 if training else x


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.breaks = BreaksAt(4, name="breaks")
        self.dense = keras.layers.Dense(10, "softmax")

    def call(self, x, training=False):
        return self.dense(self.breaks(keras.ops.reshape(x / 255, (-1, 49)), training=training))


def subclassed():
    keras.utils.set_random_seed(0)
    model = Subclassed()
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def with_dropout(network):
    middle = (
        lambda: keras.layers.Dense(8),
        lambda: keras.layers.Dropout(0.5, seed=3),
        lambda: BreaksAt(4, name="breaks"),
        lambda: keras.layers.BatchNormalization(),
    )
    return lambda: network(*middle)


@pytest.mark.parametrize("made", ["with dropout and norm", "subclassed"])
def test_goes_back_to_before_the_step_of_a_layer(network, pictures, made):
    build = subclassed if made == "subclassed" else with_dropout(network)
    x, y = pictures[0].astype("float32"), pictures[1]
    model, shorter = build(), build()
    with pytest.raises(
        NotFinite, match=r"loss is not finite at step 4 of epoch 1: .*of breaks \(B"
    ):
        fit(model, x, y, **STEPS)
    fit(shorter, x[:30], y[:30], **STEPS)
    assert_same_state(model, shorter)


def test_names_the_epoch(network, pictures):
    build = lambda: network(lambda: BreaksAt(10, name="breaks"))  # noqa: E731
    model, shorter = build(), build()
    with pytest.raises(NotFinite, match="at step 3 of epoch 2: the output of breaks"):
        fit(model, *pictures, epochs=3, **STEPS)
    x, y = (part[np.arange(90) % 70] for part in pictures)
    fit(shorter, x, y, **STEPS)
    assert_same_state(model, shorter)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_says_that_the_input_is_not_finite(network, pictures, value):
    x, y = spoilt(pictures[0], 42, value), pictures[1]
    model, shorter = network(), network()
    with pytest.raises(NotFinite, match="at step 5 of epoch 1: the input itself is not"):
        fit(model, x, y, **STEPS)
    fit(shorter, x[:40], y[:40], **STEPS)
    assert_same_state(model, shorter)


def test_looks_at_the_input_that_prepare_made(network, pictures):
    x, y = spoilt(pictures[0], 42, 999), pictures[1]
    fit(network(), x, y, **STEPS)
    prepare = lambda x: keras.ops.where(x == 999, np.nan, x)  # noqa: E731
    with pytest.raises(NotFinite, match="at step 5 of epoch 1: the input itself is not"):
        fit(network(), x, y, prepare=prepare, **STEPS)


def test_a_learning_rate_that_overflows_the_weights(network, pictures):
    model = network()
    model.compile(keras.optimizers.SGD(3e38, momentum=0.9), "sparse_categorical_crossentropy")
    with pytest.raises(NotFinite, match=r"at step \d of epoch 1: .*lower the learning rate"):
        fit(model, *pictures, **STEPS)
    assert all(np.isfinite(values).all() for values in state(model))


def test_names_a_moving_average_that_the_loss_does_not_show(pictures):
    def build():
        keras.utils.set_random_seed(0)
        norm = keras.layers.BatchNormalization(name="norm")
        layers = [keras.layers.Flatten(), norm, keras.layers.Dense(10, "softmax")]
        model = keras.Sequential([keras.Input((7, 7, 1)), *layers])
        model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
        return model

    x, y = spoilt(pictures[0], 25, 1e25), pictures[1]  # its square is beyond float32
    model, shorter = build(), build()
    message = "weight .*norm/moving_variance is not finite at step 3 of epoch 1: the outputs of all"
    if keras.config.backend() == "torch":  # whose norm gives NaN then
        message = "loss is not finite at step 3 of epoch 1: the output of norm"
    with pytest.raises(NotFinite, match=message):
        fit(model, x, y, **STEPS)
    fit(shorter, x[:20], y[:20], **STEPS)
    assert_same_state(model, shorter)


def test_names_an_operation_that_is_no_layer(pictures):
    image = keras.Input((7, 7, 1))
    logs = keras.ops.log(keras.layers.Flatten()(image) - 1e6)
    model = keras.Model(image, keras.layers.Dense(10, "softmax")(logs))
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(NotFinite, match=r"the output of log\w* \(Log\)"):
        fit(model, *pictures, **STEPS)


@pytest.mark.skipif(
    keras.config.backend() == "torch",
    reason="on PyTorch Keras's assign_add does nothing in a layer of half precision",
)
def test_names_a_layer_of_half_precision(network, pictures):
    broken = lambda: BreaksAt(2, name="breaks", dtype="mixed_bfloat16")  # noqa: E731
    with pytest.raises(NotFinite, match="at step 2 of epoch 1: the output of breaks"):
        fit(network(broken), *pictures, **STEPS)


def test_a_copy_within_the_epoch_is_gone_back_to(network, pictures, monkeypatch):
    monkeypatch.setattr(finite, "BETWEEN_COPIES", 0.0)
    model, shorter = (with_dropout(network)() for _ in range(2))
    with pytest.raises(NotFinite, match="at step 4 of epoch 1"):
        fit(model, *pictures, **STEPS)
    x, y = (part[:30] for part in pictures)
    fit(shorter, x, y, **STEPS)
    assert_same_state(model, shorter)


@pytest.mark.parametrize("between", [0.0, 99.0])
def test_a_healthy_training_is_that_of_keras(
    assert_equals_keras, network, pictures, monkeypatch, between
):
    monkeypatch.setattr(finite, "BETWEEN_COPIES", between)
    build = with_dropout(network)
    x, y = (part[:30] for part in pictures)
    assert_equals_keras(build, x, y, batch_size=10, epochs=1)


def test_a_weight_that_was_never_finite_is_let_be(assert_equals_keras, network, pictures):
    class Masked(keras.layers.Layer):
        def build(self, shape):
            self.floor = self.add_weight(shape=(49,), initializer="zeros", trainable=False)
            self.floor.assign(np.full(49, -np.inf))

        def call(self, x):
            return keras.ops.maximum(x, self.floor)

    assert_equals_keras(lambda: network(Masked), *pictures)


def test_goes_on_after_the_data_are_mended(network, pictures):
    model, other = network(), network()
    with pytest.raises(NotFinite):
        fit(model, spoilt(pictures[0], 42), pictures[1], **STEPS)
    x, y = (part[40:] for part in pictures)
    fit(model, x, y, **STEPS)
    fit(other, *pictures, **STEPS)
    assert_same_state(model, other)


@pytest.mark.parametrize("sample", [42, 69])
def test_what_to_do_is_left_to_terminate_on_nan(assert_equals_keras, network, pictures, sample):
    history = assert_equals_keras(
        network,
        spoilt(pictures[0], sample),
        pictures[1],
        batch_size=10,
        epochs=3,
        callbacks=lambda: [keras.callbacks.TerminateOnNaN()],
    )
    assert np.isnan(history.history["loss"]).tolist() == [True]


def test_terminate_on_nan_looks_at_the_loss_alone(assert_equals_keras, network, pictures):
    def build():
        model = network()
        model.compile(keras.optimizers.SGD(3e38), "sparse_categorical_crossentropy")
        return model

    history = assert_equals_keras(
        build,
        *pictures,
        batch_size=70,
        epochs=3,
        callbacks=lambda: [keras.callbacks.TerminateOnNaN()],
    )
    assert len(history.epoch) > 1

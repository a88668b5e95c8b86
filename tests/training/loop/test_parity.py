"""The same history and the same weights as `model.fit`."""

import keras
import numpy as np
import pytest

from regard import datasets, models
from regard.datasets.check import as_images
from regard.training.loop import fit


def test_convolutions_and_a_smaller_last_batch(assert_equals_keras, pictures):
    def build():
        keras.utils.set_random_seed(0)
        layers = [
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3, seed=4),
            keras.layers.Dense(10, "softmax"),
        ]
        model = keras.Sequential([keras.Input((7, 7, 1)), *layers])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    history = assert_equals_keras(build, *pictures, epochs=3, validation_data=pictures)
    assert history.history["loss"][-1] < history.history["loss"][0]


@pytest.mark.parametrize("weighted", ["class_weight", "sample_weight", "validation", "split"])
def test_weights_and_validation(assert_equals_keras, network, pictures, weighted):
    rng = np.random.default_rng(0)
    x, y = pictures
    weights = rng.random(len(y)).astype("float32")
    arguments = {
        "class_weight": {"class_weight": {0: 3.0, 4: 0.2}},
        "sample_weight": {"sample_weight": weights, "validation_split": 0.2},
        "validation": {"validation_data": (x[:40], y[:40], weights[:40])},
        "split": {"validation_split": 0.3, "validation_freq": 2, "validation_batch_size": 9},
    }[weighted]
    build = lambda: network(weighted_metrics=["accuracy"])  # noqa: E731
    assert_equals_keras(build, x, y, **arguments)


def test_several_inputs_and_outputs_with_loss_weights_and_regularisers(assert_equals_keras):
    rng = np.random.default_rng(0)
    x = {"a": rng.random((20, 3), "float32"), "b": rng.random((20, 2))}
    y = {"p": rng.random((20, 1)), "q": rng.integers(0, 2, (20, 1))}

    def build():
        keras.utils.set_random_seed(0)
        inputs = {"a": keras.Input((3,), name="a"), "b": keras.Input((2,), name="b")}
        both = keras.layers.Concatenate()([inputs["a"], inputs["b"]])
        outputs = {
            "p": keras.layers.Dense(1, kernel_regularizer="l2", name="p")(both),
            "q": keras.layers.Dense(1, "sigmoid", activity_regularizer="l1", name="q")(both),
        }
        model = keras.Model(inputs, outputs)
        model.compile(
            "sgd",
            {"p": "mse", "q": "binary_crossentropy"},
            loss_weights={"p": 0.3, "q": 2.0},
            metrics={"p": ["mae"], "q": ["accuracy"]},
        )
        return model

    # Whole batches: Keras on TensorFlow counts a smaller one as whole in the losses of single
    # outputs.
    assert_equals_keras(build, x, y, batch_size=5, sample_weight=np.linspace(0, 1, 20))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(10)

    def call(self, x):
        return self.dense(keras.ops.reshape(keras.ops.cast(x, "float32") / 255, (-1, 49)))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        ours = super().compute_loss(x, y, y_pred, sample_weight, training)
        return ours + 0.01 * keras.ops.mean(keras.ops.square(y_pred))


def test_a_subclassed_model_that_is_not_built_and_has_its_own_loss(assert_equals_keras, pictures):
    def build():
        keras.utils.set_random_seed(0)
        model = Subclassed()
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    assert_equals_keras(build, *pictures)


def test_a_loss_that_is_a_sum_over_the_batch(assert_equals_keras, network, pictures):
    loss = keras.losses.SparseCategoricalCrossentropy(reduction="sum")
    build = lambda: network(loss=loss)  # noqa: E731
    assert_equals_keras(build, *pictures, tolerance=1e-4, validation_split=0.5)


def test_half_precision_with_loss_scaling(assert_equals_keras, pictures):
    def build():
        keras.utils.set_random_seed(0)
        hidden = keras.layers.Dense(8, "relu", dtype="mixed_float16")
        head = keras.layers.Dense(10, "softmax", dtype="float32")
        layers = [keras.Input((7, 7, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
        inner = keras.Sequential([*layers, hidden, head])
        scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01))
        inner.compile(scaled, "sparse_categorical_crossentropy")
        return inner

    assert_equals_keras(build, *pictures, tolerance=1e-3)


def test_going_on_at_an_epoch(assert_equals_keras, network, pictures):
    history = assert_equals_keras(network, *pictures, epochs=5, initial_epoch=3)
    assert history.epoch == [3, 4]


def test_moving_averages_of_weights_are_put_in_at_the_end(assert_equals_keras, pictures, network):
    def build():
        model = network()
        optimizer = keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5)
        model.compile(optimizer, "sparse_categorical_crossentropy")
        return model

    assert_equals_keras(build, *pictures)


@pytest.mark.parametrize(
    "arguments",
    [
        {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3},
        {"clipnorm": 0.1, "weight_decay": 0.01},
        {"amsgrad": True},
        {"use_ema": True, "ema_momentum": 0.9},
        {"gradient_accumulation_steps": 2},
    ],
    ids=lambda arguments: "+".join(arguments),
)
def test_settings_of_adam(assert_equals_keras, network, pictures, arguments):
    def build():
        model = network()
        model.compile(keras.optimizers.AdamW(0.01, **arguments), "sparse_categorical_crossentropy")
        return model

    assert_equals_keras(build, *pictures)


def test_weights_of_16_bits(assert_equals_keras, pictures):
    def build():
        keras.utils.set_random_seed(0)
        hidden = keras.layers.Dense(8, "relu", dtype="bfloat16")
        layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), hidden]
        head = keras.layers.Dense(10, "softmax", dtype="float32")
        model = keras.Sequential([keras.Input((7, 7, 1)), *layers, head])
        model.compile(keras.optimizers.Adam(0.01, beta_2=0.995), "sparse_categorical_crossentropy")
        return model

    assert_equals_keras(build, *pictures, tolerance=1e-2)


def test_gradients_of_few_rows(assert_equals_keras, pictures):
    def build():
        keras.utils.set_random_seed(0)
        layers = [keras.layers.Flatten(), keras.layers.Embedding(256, 3), keras.layers.Flatten()]
        model = keras.Sequential([keras.Input((7, 7, 1)), *layers, keras.layers.Dense(10)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss)
        return model

    assert_equals_keras(build, *pictures)


@pytest.fixture
def double_precision():
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy("float32")
    keras.config.set_floatx("float32")


class Losses(keras.callbacks.Callback):
    """The mean loss so far after each batch."""

    def __init__(self):
        super().__init__()
        self.values = []

    def on_train_batch_end(self, batch, logs=None):
        self.values.append(float(logs["loss"]))


@pytest.mark.skipif(keras.config.backend() == "jax", reason="JAX has no float64 unless told to")
def test_a_hundred_steps_of_the_tutorials_network_in_double_precision(double_precision):
    split = datasets.load("fashion-mnist-sample").train
    x, y = as_images(split.images[:800]), split.labels[:800]
    curves = []
    for train in (keras.Model.fit, fit):
        keras.utils.set_random_seed(0)
        model = models.tutorial()
        model.compile("adam", "sparse_categorical_crossentropy")
        losses = Losses()
        train(model, x, y, batch_size=8, shuffle=False, verbose=0, callbacks=[losses])
        curves.append(losses.values)
    assert len(curves[0]) == 100
    assert curves[0][-1] < 0.7 * curves[0][0]
    np.testing.assert_allclose(curves[1], curves[0], atol=1e-9)

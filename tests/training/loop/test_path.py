"""The way a model is computed: the line that says it, and that the model stays the user's own."""

import pickle

import keras
import numpy as np
import pytest

from regard.training.loop import fit
from regard.training.loop.path import path_of


@pytest.fixture
def foldable():
    """A function that builds a compiled network with two convolutions in a row."""

    def build(**compiling):
        keras.utils.set_random_seed(0)
        layers = [
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, name="first"),
            keras.layers.Conv2D(8, 3, name="second"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, "softmax"),
        ]
        model = keras.Sequential([keras.Input((7, 7, 1)), *layers])
        model.compile("adam", "sparse_categorical_crossentropy", **compiling)
        return model

    return build


def said(model, pictures, **arguments):
    lines = []
    fit(model, *pictures, say=lines.append, verbose=0, **arguments)
    return lines


def test_one_line_names_what_was_folded(foldable, pictures):
    (line,) = said(foldable(), pictures)
    way = {"tensorflow": "a TensorFlow graph", "jax": "JAX, compiled", "torch": "PyTorch, step"}
    assert line.startswith(f"Trained by {way[keras.config.backend()]}")
    assert "; folded first+second+" in line
    assert line.endswith("times fewer multiply-adds there")


def test_the_line_says_why_nothing_was_folded(network, pictures):
    (line,) = said(network(), pictures)
    assert "nothing folded: no two linear layers in a row" in line


def test_the_line_counts_the_layers_with_a_faster_kernel(pictures):
    norms = [keras.layers.BatchNormalization(), keras.layers.BatchNormalization()]
    layers = [keras.layers.Rescaling(1 / 255), *norms, keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((7, 7, 1)), *layers, keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    (line,) = said(model, pictures)
    has_kernel = keras.config.backend() in ("tensorflow", "torch")
    assert ("layers computed by a faster kernel: 2" in line) == has_kernel


def test_a_subclassed_model_is_trained_and_the_line_says_why_it_is_not_folded(pictures):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(10, "softmax")

        def call(self, x):
            return self.dense(keras.ops.reshape(keras.ops.cast(x, "float32"), (-1, 49)))

    model = Own()
    model.compile("adam", "sparse_categorical_crossentropy")
    (line,) = said(model, pictures)
    assert "nothing folded" in line
    assert "subclassed" in line


def test_eager_steps_are_named(foldable, pictures):
    (line,) = said(foldable(run_eagerly=True), pictures)
    assert line.startswith("Trained by eager steps; folded first+second")


def test_verbose_0_is_silent_and_else_the_line_is_printed(foldable, pictures, capsys):
    fit(foldable(), *pictures, verbose=0)
    assert capsys.readouterr().out == ""
    fit(foldable(), *pictures, verbose=2)
    assert capsys.readouterr().out.startswith("Trained by ")


def test_folded_training_gives_the_weights_of_model_fit(assert_equals_keras, foldable, pictures):
    assert path_of(foldable(), 32).folded is not None
    assert_equals_keras(foldable, *pictures, epochs=3, validation_data=pictures)


def test_the_model_is_itself_again_afterwards(foldable, pictures, tmp_path):
    model = foldable()
    names = [layer.name for layer in model.layers]
    fit(model, *pictures, verbose=0)
    assert "call" not in vars(model)
    assert [layer.name for layer in model.layers] == names
    wanted = model.predict(pictures[0], verbose=0)
    model.save(tmp_path / "model.keras")
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    loaded = keras.models.load_model(tmp_path / "model.keras")
    pickled = pickle.loads(pickle.dumps(model))
    for other in (clone, loaded, pickled):
        np.testing.assert_allclose(other.predict(pictures[0], verbose=0), wanted, atol=1e-6)


def test_the_model_is_itself_again_after_an_error(foldable, pictures):
    class Failing(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model = foldable()
    with pytest.raises(KeyboardInterrupt):
        fit(model, *pictures, verbose=0, callbacks=[Failing()])
    assert "call" not in vars(model)


def test_model_fit_goes_on_where_fit_stopped(foldable, pictures):
    settings = {"batch_size": 32, "shuffle": False, "verbose": 0}
    trained = []
    for second in (fit, keras.Model.fit):
        model = foldable()
        fit(model, *pictures, epochs=1, **settings)
        second(model, *pictures, epochs=2, initial_epoch=1, **settings)
        trained.append(model.get_weights())
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)

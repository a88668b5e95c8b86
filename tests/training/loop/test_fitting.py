import gc
import weakref

import keras
import numpy as np
import pytest

from regard.training.loop import arrays, fit, steps


def weights(model):
    return np.concatenate([value.ravel() for value in model.get_weights()])


@pytest.fixture(scope="module")
def trained(network, pictures):
    """Weights after an epoch by each of two equal seeds and another."""
    models = [network() for _ in range(3)]
    for model, seed in zip(models, (5, 5, 6), strict=True):
        fit(model, *pictures, batch_size=16, verbose=0, seed=seed)
    return [weights(model) for model in models]


def test_a_seed_repeats_the_training_and_another_changes_it(trained):
    np.testing.assert_array_equal(trained[0], trained[1])
    assert np.abs(trained[0] - trained[2]).max() > 1e-4


def test_the_seed_of_keras_repeats_the_training(network, pictures):
    results = []
    for _ in range(2):
        model = network()
        keras.utils.set_random_seed(3)
        fit(model, *pictures, batch_size=16, verbose=0)
        results.append(weights(model))
    np.testing.assert_array_equal(*results)


def test_images_stay_small_on_the_device(pictures):
    x, *_ = arrays.on_device(arrays.checked(*pictures))
    assert keras.backend.standardize_dtype(x.dtype) == "uint8"


def test_prepare_runs_inside_the_step_in_training_and_validation(pictures):
    kinds = []

    def prepare(x):
        kinds.append(keras.backend.standardize_dtype(x.dtype))
        return keras.ops.cast(x, "float32") / 255

    histories = []
    for x, prepared in ((pictures[0], prepare), (pictures[0].astype("float32") / 255, None)):
        keras.utils.set_random_seed(0)
        layers = [keras.Input((7, 7, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
        model = keras.Sequential(layers)
        model.compile("adam", "sparse_categorical_crossentropy")
        settings = {"validation_split": 0.3, "shuffle": False, "verbose": 0, "prepare": prepared}
        histories.append(fit(model, x, pictures[1], **settings).history)
    assert set(kinds) == {"uint8"}
    for name in ("loss", "val_loss"):
        assert histories[0][name] == pytest.approx(histories[1][name], abs=1e-5)


def test_steps_are_kept_until_the_model_is_compiled_anew(network, pictures):
    model = network()
    fit(model, *pictures, verbose=0)
    kept = steps.steps_of(model, None, 32)
    fit(model, *pictures, epochs=2, verbose=0)
    assert steps.steps_of(model, None, 32) is kept
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = weights(model)
    fit(model, *pictures, verbose=0)
    assert steps.steps_of(model, None, 32) is not kept
    assert np.abs(weights(model) - before).max() > 0


def test_a_frozen_layer_stays_and_the_rest_moves(network, pictures):
    model = network(lambda: keras.layers.Dense(6, name="frozen"))
    model.get_layer("frozen").trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.get_weights()
    fit(model, *pictures, verbose=0)
    moved = [np.abs(a - b).max() > 0 for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [False, False, True, True]


def test_an_uncompiled_run_gives_the_same(network, pictures):
    results = []
    for eagerly in (True, False):
        model = network(run_eagerly=eagerly)
        fit(model, *pictures, shuffle=False, verbose=0)
        results.append(weights(model))
    np.testing.assert_allclose(*results, atol=1e-5)


def test_xla_gives_the_same(network, pictures):
    if keras.config.backend() == "torch":
        pytest.skip("refused on PyTorch")
    results = []
    for compiled in (True, False):
        model = network(jit_compile=compiled)
        fit(model, *pictures, shuffle=False, verbose=0)
        results.append(weights(model))
    np.testing.assert_allclose(*results, atol=1e-5)


def test_no_model_is_kept_alive(network, pictures):
    model = network()
    fit(model, *pictures, verbose=0)
    kept = weakref.ref(model)
    del model
    gc.collect()
    assert kept() is None


def test_class_weights_of_labels_columns_and_one_hot_rows():
    labels = np.array([2, 0, 1, 2])
    for y in (labels, labels[:, None], np.eye(3)[labels]):
        weights = arrays.class_weights(y, {0: 5.0, 2: 0.5})
        np.testing.assert_array_equal(weights, np.array([0.5, 5, 1, 0.5], "float32"))

"""What is folded, what is not and why, and that the model stays as it was."""

import numpy as np
import pytest

from regard.errors import UsageError
from regard.models import count_multiply_adds
from regard.models.folding import fold
from tests.models.folding.stacks import (
    assert_equal_outputs,
    fold_all,
    numpy,
    pictures,
    randomise,
    sequential,
)

import keras  # isort: skip

layers = keras.layers


def conv(filters=4, size=3, **options):
    return layers.Conv2D(filters, size, **options)


REFUSED = {
    "the first would give its bias": [conv(size=1), conv(padding="same")],
    "values of the border": [conv(use_bias=False), conv(padding="same")],
    "the activation relu": [conv(activation="relu"), conv()],
    "averages over fewer pixels": [conv(), layers.AveragePooling2D(3, padding="same")],
    "in float32, the second": [conv(dtype="float32"), conv(dtype="float64")],
    "fold with training=False": [conv(), layers.BatchNormalization()],
    "not the channels'": [conv(), layers.BatchNormalization(axis=2)],
    "an activity regularizer": [conv(activity_regularizer="l2"), conv()],
    "the second channels_first": [conv(), layers.BatchNormalization(axis=1)],
}


@pytest.mark.parametrize("reason", REFUSED)
def test_says_why_it_keeps_layers_apart(reason, capsys):
    training = "training=False" in reason
    model = keras.Sequential([keras.Input((13, 12, 2)), *REFUSED[reason]])
    randomise(model)
    folded = fold_all(model, training=training)
    assert not folded.report.folded
    assert reason in folded.report.kept[0].reason
    assert str(folded.report) in capsys.readouterr().out
    assert_equal_outputs(model, folded)


def test_says_why_a_fold_would_cost_more():
    model = sequential((28, 28, 16), conv(16), conv(16))
    report = fold(model).report
    separate = 26**2 * 9 * 16 * 16 + 24**2 * 9 * 16 * 16
    assert not report.folded and f"instead of {separate:,}" in report.kept[0].reason


def test_chooses_the_cheapest_cut():
    model = sequential((28, 28, 16), conv(32, 1), conv(16), conv(64), conv(16, 1))
    (first, second) = fold(model, batch_size=10**6).report.folded
    assert first.paths == tuple(layer.name for layer in model.layers[:2])
    assert second.paths == tuple(layer.name for layer in model.layers[2:])


def test_reports_what_is_counted():
    model = sequential((28, 28, 1), conv(8), conv(16), dtype="float32")
    folded = fold(model, batch_size=1)
    (one,) = folded.report.folded
    assert one.before == count_multiply_adds(model)
    assert one.after == count_multiply_adds(folded, (28, 28, 1)) < one.before


def test_counts_the_composing_of_a_dense_layer():
    stack = [conv(16), layers.Flatten(data_format="channels_last"), layers.Dense(4)]
    folded = fold_all(sequential((12, 12, 1), *stack, dtype="float32"))
    whole = folded.report.folded and next(iter(folded.instead.values()))
    counted = count_multiply_adds(folded, (12, 12, 1))
    assert counted == whole.window.multiply_adds + whole.composing == 144 * 4 + 144 * 4 * 9 * 16


def branched():
    """Two convolutions whose middle is used twice."""
    image = keras.Input((10, 9, 1))
    middle = conv(8, name="first")(image)
    return keras.Model(image, [conv(8, name="second")(middle), middle])


def nested():
    """A model with a chain, called twice in another that ends in a chain with a norm."""
    inner = keras.Sequential([keras.Input((None, None, 1)), conv(1, 1)], name="unknown_sizes")
    chain = keras.Sequential([keras.Input((10, 9, 1)), conv(8), conv(8)], name="chain")
    image = keras.Input((10, 9, 1), name="image")
    both = layers.Add()([chain(image), chain(inner(image)) * 2])
    both = layers.BatchNormalization(name="norm")(conv(3, name="last")(both))
    model = keras.Model({"image": image}, {"map": both, "mean": keras.ops.mean(both, (1, 2))})
    randomise(model)
    return model


def test_keeps_an_output_that_is_used_elsewhere():
    report = fold_all(branched()).report
    assert not report.folded and "used elsewhere" in report.kept[0].reason


def test_folds_inside_nested_models_and_keeps_the_structure():
    model = nested()
    folded = fold_all(model, training=False)
    assert [one.paths[-1] for one in folded.report.folded] == [
        f"chain/{model.get_layer('chain').layers[1].name}",
        "norm",
    ]
    x = {"image": np.random.default_rng(0).normal(size=(2, 10, 9, 1)).astype("float32")}
    found, expected = folded(x), model(x)
    assert found.keys() == expected.keys()
    for name in expected:
        one, other = numpy(found[name]), numpy(expected[name])
        assert np.abs(one - other).max() <= 2e-6 * np.abs(other).max()


def test_says_that_sizes_are_not_known():
    model = keras.Sequential([keras.Input((None, None, 1)), conv(8), conv(8)])
    assert "sizes are not known" in fold_all(model).report.kept[0].reason


def test_says_that_groups_of_volumes_stay():
    model = sequential((6, 6, 6, 2), layers.Conv3D(4, 2), layers.Conv3D(4, 2, groups=2))
    assert "groups in 3 dimensions" in fold_all(model).report.kept[0].reason


def test_says_that_a_mask_is_handed_on():
    words = [layers.Embedding(9, 4, mask_zero=True), layers.Dense(8), layers.Dense(2)]
    report = fold_all(keras.Sequential([keras.Input((5,)), *words])).report
    assert "takes a mask" in report.kept[0].reason and not report.folded


def test_keeps_dropout_training_and_losses():
    stack = [conv(8, kernel_regularizer="l2"), conv(8), layers.Dropout(0.5)]
    model = sequential((10, 10, 1), *stack, dtype="float32")
    folded = fold_all(model)
    x = pictures(model)
    trained = numpy(folded(x, training=True))
    assert (trained == 0).mean() == pytest.approx(0.5, abs=0.1)
    assert (numpy(folded(x, training=False)) != 0).all()
    assert float(numpy(folded.losses[0])) == float(numpy(model.losses[0])) > 0


def snapshot(model, folder):
    """All that a user sees of a model, but its weights' values."""
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line), line_length=100)
    file = folder / "model.keras"
    model.save(file)
    inner = list(model._flatten_layers())
    return {
        "summary": lines,
        "config": model.get_config(),
        "output": [id(layer.output) for layer in model.layers],
        "calls": [(len(one._inbound_nodes), len(one._outbound_nodes)) for one in inner],
        "attributes": [sorted(vars(layer)) for layer in inner],
        "weights": [(v.path, tuple(v.shape), v.trainable) for v in model.variables],
        "loaded": keras.saving.load_model(file).get_config(),
        "compiled": model.compiled,
        "training": model.get_compile_config(),
    }


def test_the_model_stays_as_it_was(tmp_path):
    model = sequential((10, 10, 1), conv(8), conv(4), layers.Flatten(), layers.Dense(2))
    model.compile("sgd", "mse", metrics=["mae"], jit_compile=False)
    x, y = pictures(model, 4), np.ones((4, 2))
    model.fit(x, y, epochs=1, verbose=0)
    before = snapshot(model, tmp_path)
    start = [numpy(v) for v in model.variables]
    folded = fold_all(model)
    assert all((a == numpy(b)).all() for a, b in zip(start, model.variables, strict=True))
    folded.compile("adam", "mse", jit_compile=False)
    folded.fit(x, y, epochs=2, verbose=0)
    folded.predict(x, verbose=0)
    assert snapshot(model, tmp_path) == before
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(numpy(loaded(x)), numpy(folded(x)), rtol=1e-5, atol=1e-5)


def test_frozen_layers_stay_frozen():
    model = sequential((10, 10, 1), conv(8), conv(4), dtype="float32")
    model.layers[0].trainable = False
    folded = fold_all(model)
    folded.compile("sgd", "mse", jit_compile=False)
    start = [numpy(v) for v in model.variables]
    folded.train_on_batch(pictures(model), np.zeros((3, *model.output_shape[1:])))
    moved = [(a != numpy(b)).any() for a, b in zip(start, model.variables, strict=True)]
    assert moved == [False, False, True, True]


def test_folded_for_inference_does_not_train():
    folded = fold_all(sequential((9, 9, 1), conv(), layers.BatchNormalization()), training=False)
    with pytest.raises(UsageError, match="fold with training=True"):
        folded(np.zeros((1, 9, 9, 1)), training=True)


class Subclassed(keras.Model):
    def call(self, x):
        return x


class OwnStep(keras.Model):
    def train_step(self, data):
        return {}


def own_step():
    image = keras.Input((9, 9, 1))
    return OwnStep(image, conv()(image))


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (lambda: "model.keras", {}, "takes a Keras model, not str"),
        (lambda: keras.Sequential([conv()]), {}, "is not built"),
        (Subclassed, {}, "Make it functional first"),
        (own_step, {}, "a train_step of its own"),
        (branched, {"batch_size": 0}, "batch_size must be an integer of at least 1, not 0"),
    ],
)
def test_says_what_cannot_be_folded(make, options, message):
    with pytest.raises(UsageError, match=message):
        fold(make(), **options)

import keras
import numpy as np
import pytest
from keras import ops

from regard import layers
from regard.errors import DataError, UsageError
from regard.layers.applied import replacing, with_attention_of
from regard.layers.registry import LAYERS, layer_class
from regard.studies.shuffled import derangement, shuffled_probabilities
from regard.testing.case import Case, awake

SIZE = (5, 6, 8)
IMAGES = np.random.default_rng(0).normal(size=(4, *SIZE)).astype("float32")
KEEP_SHAPE = [name for name in LAYERS if getattr(layer_class(name), "keeps_shape", True)]
# Two layers out of three are for the slow run alone: each is compiled.
EVERY_LAYER = [
    pytest.param(name, marks=[pytest.mark.slow] * (at % 3 > 0))
    for at, name in enumerate(KEEP_SHAPE)
]


def alone(layer):
    """A classifier of one layer whose classes are the means of its channels."""
    inputs = keras.Input(SIZE)
    features = layer(inputs)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D(name="mean")(features))


def means(features):
    return np.mean(features, axis=(1, 2))


def others(seed=0):
    """Whose attention each image gets, where all are one batch."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(IMAGES))
    found = np.empty_like(order)
    found[order] = order[derangement(len(order), rng)]
    return found


def read(layer, images=IMAGES):
    output, attention = layer(images, return_attention_scores=True)
    return keras.tree.map_structure(ops.convert_to_numpy, (output, attention))


def squeeze_excitation(seed=1):
    layer = layers.SqueezeExcitation(reduction_ratio=2, data_format="channels_last")
    return awake(layer, (None, *SIZE), seed)


@pytest.mark.parametrize("name", EVERY_LAYER)
def test_every_layer_applies_the_attention_of_another_image(name):
    entry = LAYERS[name]
    layer = awake(Case(layer_class(name), entry.example, entry.arguments).make(), (None, *SIZE))
    model = alone(layer)
    want = with_attention_of(others(), [layer], lambda: layer(IMAGES))
    probabilities = shuffled_probabilities(model, IMAGES, seed=0)
    np.testing.assert_allclose(
        probabilities, means(ops.convert_to_numpy(want)), rtol=1e-3, atol=1e-4
    )
    assert np.abs(probabilities - ops.convert_to_numpy(model(IMAGES))).max() > 1e-4


def test_a_gate_multiplies_the_features_of_another_image():
    layer = squeeze_excitation()
    gates = read(layer)[1][others()]
    want = means(IMAGES * gates[:, None, None])
    np.testing.assert_allclose(
        shuffled_probabilities(alone(layer), IMAGES, seed=0), want, rtol=1e-5, atol=1e-6
    )


def test_pixels_gather_their_own_values_by_the_weights_of_another_image():
    layer = awake(layers.Attention(units=4, data_format="channels_last"), (None, *SIZE))
    weights = read(layer)[1][others()]
    values = ops.convert_to_numpy(layer.value(IMAGES.reshape(4, 30, 8)))
    gathered = (weights @ values).reshape(IMAGES.shape)
    want = means(IMAGES + ops.convert_to_numpy(layer.gamma) * gathered)
    np.testing.assert_allclose(
        shuffled_probabilities(alone(layer), IMAGES, seed=0), want, rtol=1e-4, atol=1e-5
    )


def test_both_gates_of_cbam_are_those_of_the_usual_pass():
    layer = layers.ConvolutionalBlockAttention(reduction_ratio=2, data_format="channels_last")
    gates = read(awake(layer, (None, *SIZE)))[1]
    channel, spatial = gates["channel"][others()], gates["spatial"][others()]
    want = means(IMAGES * channel[:, None, None] * spatial[..., None])
    np.testing.assert_allclose(
        shuffled_probabilities(alone(layer), IMAGES, seed=0), want, rtol=1e-5, atol=1e-6
    )


def test_two_layers_take_the_attention_of_one_other_image():
    first, second = squeeze_excitation(1), squeeze_excitation(2)
    features, gates = read(first)
    both = (gates * read(second, features)[1])[others()]
    model = alone(keras.Sequential([first, second]))
    np.testing.assert_allclose(
        shuffled_probabilities(model, IMAGES, seed=0),
        means(IMAGES * both[:, None, None]),
        rtol=1e-5,
        atol=1e-6,
    )


def test_a_subclassed_model_is_shuffled_too():
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.attention = squeeze_excitation()

        def call(self, x):
            return ops.mean(self.attention(x), axis=(1, 2))

    model = Subclassed()
    want = means(IMAGES * read(model.attention)[1][others()][:, None, None])
    np.testing.assert_allclose(
        shuffled_probabilities(model, IMAGES, seed=0), want, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("count", [2, 3, 4])
def test_every_image_of_every_batch_gets_another_attention(count):
    model = alone(squeeze_excitation())
    usual = ops.convert_to_numpy(model(IMAGES[:count]))
    given = shuffled_probabilities(model, IMAGES[:count], seed=0, batch_size=2)
    assert given.shape == usual.shape
    assert (np.abs(given - usual).max(axis=1) > 1e-4).all()


def test_images_that_lie_class_by_class_get_the_attention_of_other_classes():
    two = np.repeat([[0.0], [1.0]], 40, axis=0)[:, :, None, None] * np.ones((1, *SIZE))
    model = alone(squeeze_excitation())
    usual = ops.convert_to_numpy(model(two))
    given = shuffled_probabilities(model, two, seed=0, batch_size=8)
    assert (np.abs(given - usual).max(axis=1)[40:] > 1e-4).mean() > 0.25


def test_the_seed_decides():
    model = alone(squeeze_excitation())
    one, again, other = (shuffled_probabilities(model, IMAGES, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)


def test_attention_that_is_the_same_for_all_images_changes_nothing():
    layer = layers.SqueezeExcitation(reduction_ratio=2, data_format="channels_last")
    layer.build((None, *SIZE))
    layer.expand.kernel.assign(np.zeros(layer.expand.kernel.shape))
    model = alone(layer)
    usual = ops.convert_to_numpy(model(IMAGES))
    given = shuffled_probabilities(model, IMAGES, seed=0)
    np.testing.assert_allclose(given, usual, rtol=0, atol=1e-7)


def test_the_model_stays_as_it_is():
    layer = squeeze_excitation()
    model = alone(layer)
    facts, usual = set(vars(layer)), ops.convert_to_numpy(model(IMAGES))
    shuffled_probabilities(model, IMAGES, seed=0)
    assert set(vars(layer)) == facts
    np.testing.assert_array_equal(ops.convert_to_numpy(model(IMAGES)), usual)


def test_the_model_stays_as_it_is_after_an_error():
    layer = squeeze_excitation()
    usual = read(layer)[0]

    def fails(attention):
        raise RuntimeError("as a test")

    with pytest.raises(RuntimeError, match="as a test"), replacing([layer], fails):
        layer(IMAGES)
    np.testing.assert_array_equal(read(layer)[0], usual)


class Unaware(layers.AttentionLayer):
    """A gate that knows nothing of `applied`."""

    attention_axes = ("batch", "channel")

    def attend(self, x, training):
        attention = ops.sigmoid(ops.mean(x, axis=(1, 2)))
        return x * attention[:, None, None], attention


class HalfAware(Unaware):
    """A layer of two maps of which one goes through `applied`."""

    attention_axes = {"one": ("batch", "channel"), "two": ("batch", "channel")}  # noqa: RUF012

    def attend(self, x, training):
        attention = ops.sigmoid(ops.mean(x, axis=(1, 2)))
        maps = {"one": self.applied(attention), "two": attention}
        return x * (maps["one"] + attention)[:, None, None], maps


@pytest.mark.parametrize("cls", [Unaware, HalfAware])
def test_a_layer_whose_attention_is_not_replaced_is_refused_by_name(cls):
    model = alone(cls(name="mine", data_format="channels_last"))
    with pytest.raises(UsageError, match="attention of mine cannot be shuffled"):
        shuffled_probabilities(model, IMAGES, seed=0)


def test_attention_of_keras_is_refused_by_name():
    inputs = keras.Input((6, 8))
    attended = keras.layers.Attention(name="stock")([inputs, inputs])
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(attended))
    with pytest.raises(UsageError, match="attention of stock"):
        shuffled_probabilities(model, IMAGES[:, 0], seed=0)


def test_wrong_calls_say_what_is_wrong():
    model = alone(squeeze_excitation())
    with pytest.raises(UsageError, match="no attention layer"):
        shuffled_probabilities(alone(keras.layers.ReLU()), IMAGES, seed=0)
    with pytest.raises(UsageError, match="batch_size must be at least 2, not 1"):
        shuffled_probabilities(model, IMAGES, seed=0, batch_size=1)
    with pytest.raises(DataError, match="One image has no other"):
        shuffled_probabilities(model, IMAGES[:1], seed=0)
    with pytest.raises(DataError, match="no classifier"):
        shuffled_probabilities(keras.Sequential([squeeze_excitation()]), IMAGES, seed=0)


@pytest.mark.parametrize("count", [2, 3, 10, 255])
def test_nothing_keeps_its_place_in_a_derangement(count):
    for seed in range(20):
        order = derangement(count, np.random.default_rng(seed))
        assert sorted(order) == list(range(count))
        assert (order != np.arange(count)).all()


def test_derangements_are_equally_likely():
    rng = np.random.default_rng(0)
    drawn = [derangement(4, rng) for _ in range(900)]
    orders, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(orders) == 9
    assert counts.min() > 70 and counts.max() < 130

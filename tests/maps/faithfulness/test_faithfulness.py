"""The verdict on maps whose truth is known by construction, and what the result tells."""

import json

import numpy as np
import pytest

from regard import datasets, models
from regard.errors import DataError, UsageError
from regard.maps.faithfulness import MEASURES, faithfulness, methods
from regard.models.inputs import channel_axis
from tests.maps.faithfulness.corner import CORNER, SIZE, bright_pictures, corner_network

import keras  # isort: skip

IMAGES = bright_pictures()
JUDGED = ["insertion", "deletion", "road", "sensitivity_n", "infidelity"]


@pytest.fixture(scope="module")
def model():
    return corner_network()


def corner_map(model, images, classes):
    return np.tile(CORNER.astype(float), (len(images), 1, 1))


def weights_map(model, images, classes):
    """The true answer, read from the weights: what each pixel adds for the class."""
    (kernel,) = (w for w in model.get_weights() if w.ndim == 2)
    return np.maximum(kernel[:, classes] - kernel.mean(axis=1, keepdims=True), 0).T.reshape(
        len(images), *SIZE
    )


@pytest.fixture(scope="module")
def good(model):
    return faithfulness(model, weights_map, IMAGES, masks=np.tile(CORNER, (len(IMAGES), 1, 1)))


def test_the_right_map_follows_the_model(good):
    assert good.verdict == "follows the model"
    assert all(low > 0 for _, low, _ in good.advantages.values())
    assert good.left_out == {}
    assert "smallest advantage" in good.reason


def test_all_measures_are_beside_four_controls(good):
    assert set(good.scores) == set(MEASURES)
    kinds = ["map", "uniform", "centre", "edges", "randomised"]
    assert all(list(of) == kinds for of in good.scores.values())
    assert [row.kind for row in good.table] == kinds * len(MEASURES)
    for row in good.table:
        scores = good.scores[row.measure]
        assert row.low - 1e-12 <= row.mean <= row.high + 1e-12
        assert row.mean == pytest.approx(scores[row.kind].mean())
        if row.kind != "map":
            expected = (scores["map"] - scores[row.kind]).mean()
            assert row.difference[0] == pytest.approx(expected)
            mean, low, high = row.difference
            assert low - 1e-12 <= mean <= high + 1e-12


def test_each_judging_measure_prefers_the_right_map_to_every_control(good):
    for name in [*JUDGED, "pointing_game", "energy"]:
        sign = 1 if MEASURES[name].higher_is_better else -1
        means = {kind: sign * values.mean() for kind, values in good.scores[name].items()}
        assert max(means, key=means.get) == "map", name


def test_the_result_is_json_and_text(good):
    content = good.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert content["images"] == len(IMAGES)
    text = str(good)
    assert text.startswith("Verdict: follows the model. ")
    assert all(name in text for name in (*MEASURES, "uniform", "centre", "edges", "randomised"))
    assert "95 % interval" in text


def another_corner(model, images, classes):
    return corner_map(model, images, classes)[:, ::-1, ::-1]


@pytest.mark.parametrize(
    ("wrong", "verdict"),
    [
        (methods.edges, "no better than edges"),
        (methods.centre, "no better than centre"),
        (methods.uniform, "no better than uniform"),
        (another_corner, "no better than edges"),
    ],
)
def test_other_maps_do_not_follow_the_model(model, wrong, verdict):
    maps = wrong(model, IMAGES, None)
    found = faithfulness(model, maps, IMAGES, measures=JUDGED)
    assert found.verdict == verdict
    assert all(word in found.reason for word in ("standard deviations", "24 images"))


@pytest.mark.parametrize("method", [methods.edges, methods.uniform, corner_map])
def test_a_method_that_ignores_the_weights_is_called_so(model, method):
    found = faithfulness(model, method, IMAGES, measures=["deletion", "parameter_randomisation"])
    assert found.verdict == "does not depend on the weights"
    np.testing.assert_array_equal(found.scores["parameter_randomisation"]["map"], 1)
    assert "rank correlation" in found.reason


@pytest.mark.parametrize("value", [0.0, 1 / 3, -7.0])
def test_a_flat_map_never_follows_the_model(model, value):
    rounding = np.random.default_rng(0).normal(0, 1e-9, (len(IMAGES), *SIZE))
    found = faithfulness(model, value * (1 + rounding), IMAGES, measures=JUDGED[:4])
    assert found.verdict == "no better than uniform"
    assert found.advantages["uniform"] == (0, 0, 0)


def test_few_images_are_too_few(model):
    found = faithfulness(model, weights_map, IMAGES[:9], measures="deletion")
    assert found.verdict == "too few images to tell"
    assert "9 images" in found.reason


def test_an_array_leaves_the_randomised_network_unchecked_and_says_so(model):
    maps = weights_map(model, IMAGES, np.ones(len(IMAGES), int))
    found = faithfulness(model, maps, IMAGES)
    assert found.verdict == "follows the model"
    assert "randomised" not in found.advantages
    assert set(found.left_out) == {
        "max_sensitivity",
        "parameter_randomisation",
        "pointing_game",
        "energy",
    }
    text = str(found)
    assert "Randomised network: not checked" in text
    assert "Left out: max_sensitivity, because the maps are an array" in text
    assert "Left out: energy, because no masks were given" in text


def test_objects_with_to_images_are_taken(model):
    class Maps:
        def to_images(self):
            return np.tile(CORNER.astype(float), (len(IMAGES), 1, 1))

    found = faithfulness(model, Maps(), IMAGES, measures="deletion")
    assert found.verdict == "follows the model"


def test_the_model_stays_as_it_is(model):
    before = [w.copy() for w in model.get_weights()]
    names = [layer.name for layer in model.layers]
    faithfulness(model, weights_map, IMAGES, measures="deletion")
    assert names == [layer.name for layer in model.layers]
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_seed_repeats_and_another_differs(model):
    def run(seed):
        maps = np.ones((len(IMAGES), *SIZE))
        return faithfulness(model, maps, IMAGES, measures=JUDGED, seed=seed).to_dict()

    assert run(1) == run(1)
    assert run(1)["scores"] != run(2)["scores"]


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_batch_size_changes_nothing(model, batch_size):
    measures = ["insertion", "road", "infidelity"]
    images = IMAGES[:4]
    maps = np.random.default_rng(0).random((4, *SIZE))
    one, other = (
        faithfulness(model, maps, images, measures=measures, batch_size=size)
        for size in (16, batch_size)
    )
    for name in measures:
        np.testing.assert_allclose(one.scores[name]["map"], other.scores[name]["map"], atol=1e-5)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_colour_in_both_layouts(data_format, monkeypatch):
    pictures = bright_pictures(12, channels=3)
    default = keras.config.image_data_format()
    keras.config.set_image_data_format(data_format)
    try:
        model = corner_network(3, data_format)
        model = keras.Sequential([keras.Input(model.input_shape[1:]), Same(), *model.layers])
        axis = -1 if data_format == "channels_last" else 1
        assert channel_axis(model) == axis
        images = np.moveaxis(pictures, -1, axis)
        found = faithfulness(model, corner_map, images, measures=["insertion", "road"])
        array = faithfulness(
            model, corner_map(model, images, None), images, measures=["insertion", "road"]
        )
    finally:
        keras.config.set_image_data_format(default)
    assert found.verdict == "does not depend on the weights"
    assert array.verdict == "follows the model"


@keras.saving.register_keras_serializable(package="regard_tests")
class Same(keras.layers.Layer):
    """Does nothing, but tells the layout."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.data_format = keras.config.image_data_format()

    def call(self, x):
        return x


def test_attention_of_a_real_network_on_real_pictures():
    from regard import attention_maps

    def attention(model, images, classes):
        return attention_maps(model, images)

    images = datasets.load("fashion-mnist-sample").test.images[:12] / 255
    keras.utils.set_random_seed(0)
    model = models.tutorial()
    found = faithfulness(model, attention, images, measures=["deletion", "max_sensitivity"])
    assert set(found.scores["max_sensitivity"]) == set(found.scores["deletion"])
    assert found.scores["max_sensitivity"]["map"].min() > 0


BAD = np.ones((len(IMAGES), *SIZE))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"maps": np.ones((len(IMAGES), 5, 5))}, DataError, r"24, 10, 12.*not \(24, 5, 5\)"),
        ({"maps": np.full_like(BAD, np.nan)}, DataError, "finite"),
        ({"maps": np.full(BAD.shape, "a")}, DataError, "finite numbers"),
        ({"maps": lambda m, i, c: BAD[:3]}, DataError, "not .3, 10, 12"),
        ({"masks": np.ones((3, *SIZE), bool)}, DataError, "masks must have"),
        ({"masks": BAD}, DataError, "booleans"),
        ({"masks": BAD < 0}, DataError, "image 0 is empty"),
        ({"classes": 2}, DataError, "0…1"),
        ({"classes": -1}, DataError, "0…1"),
        ({"classes": [0, 1]}, DataError, "24 of them"),
        ({"classes": 0.5}, DataError, "integer"),
        ({"measures": ["deletoin"]}, UsageError, "Nearest: deletion"),
        ({"measures": ["energy"]}, UsageError, "at least one of insertion"),
        ({"measures": []}, UsageError, "at least one of insertion"),
        ({"batch_size": 0}, UsageError, "batch_size"),
        ({"confidence": 95}, UsageError, "confidence"),
        ({"images": IMAGES[:1], "maps": BAD[:1]}, DataError, "at least 2"),
        ({"images": IMAGES[:, :4]}, DataError, "takes images of shape"),
        ({"images": IMAGES * np.inf}, DataError, "finite"),
    ],
)
def test_bad_input(model, arguments, error, message):
    given = {"maps": BAD, "images": IMAGES, "measures": "deletion"} | arguments
    with pytest.raises(error, match=message):
        faithfulness(model, given.pop("maps"), given.pop("images"), **given)


def test_a_network_without_probabilities_is_refused():
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    with pytest.raises(DataError, match="softmax"):
        faithfulness(model, np.ones((2, 4, 4)), np.full((2, 4, 4, 1), 5.0))
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3)])
    with pytest.raises(DataError, match="no classifier"):
        faithfulness(model, np.ones((2, 4, 4)), np.ones((2, 4, 4, 1)))

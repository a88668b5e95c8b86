"""Each measure on its own: definition, order, range and invariances."""

import inspect
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr

import regard.maps.faithfulness as ours
from regard.errors import UsageError
from regard.maps.faithfulness import MEASURES
from regard.maps.faithfulness.curves import deletion, insertion
from regard.maps.faithfulness.imputation import impute
from regard.maps.faithfulness.intervals import mean_intervals
from regard.maps.faithfulness.network import class_probability
from regard.maps.faithfulness.pixels import ranks
from regard.maps.faithfulness.randomisation import randomised
from tests.maps.faithfulness.corner import CORNER, SIZE, bright_pictures, corner_network

import keras  # isort: skip

IMAGES = bright_pictures(4)
MODEL = corner_network()
TRUTH = np.tile(CORNER.astype(float), (4, 1, 1))
ORDER_ONLY = ("insertion", "deletion", "road")
seeds = st.integers(0, 2**16)
few = settings(max_examples=8, deadline=None)


def random_maps(seed, ties=False):
    maps = np.random.default_rng(seed).random((4, *SIZE))
    return np.round(maps, 1) if ties else maps


@few
@given(seeds, st.sampled_from(ORDER_ONLY), st.booleans())
def test_where_only_order_counts_monotone_changes_do_not(seed, name, ties):
    measure, maps = MEASURES[name].function, random_maps(seed, ties)
    changed = np.exp(3 * maps) - 7
    np.testing.assert_array_equal(measure(MODEL, maps, IMAGES), measure(MODEL, changed, IMAGES))


@few
@given(seeds, st.sampled_from(("sensitivity_n", "infidelity")), st.floats(0.01, 100))
def test_the_scale_of_a_map_does_not_count(seed, name, scale):
    measure, maps = MEASURES[name].function, random_maps(seed)
    np.testing.assert_allclose(
        measure(MODEL, maps, IMAGES), measure(MODEL, scale * maps, IMAGES), atol=1e-6
    )


@few
@given(seeds, st.sampled_from([n for n, m in MEASURES.items() if m.needs == "maps"]))
def test_scores_keep_their_range_and_axes_in_front(seed, name):
    measure = MEASURES[name].function
    both = np.stack([random_maps(seed), TRUTH])[None]
    scores = measure(MODEL, both, IMAGES)
    assert scores.shape == (1, 2, 4)
    assert scores.min() >= (-1 if name == "sensitivity_n" else 0)
    assert scores.max() <= 1
    np.testing.assert_allclose(scores[0, 1], measure(MODEL, TRUTH, IMAGES), atol=1e-6)


@pytest.mark.parametrize("name", ["insertion", "deletion", "road", "sensitivity_n", "infidelity"])
def test_direction(name):
    measure = MEASURES[name]
    better, worse = measure.function(MODEL, np.stack([TRUTH, 1 - TRUTH]), IMAGES)
    assert ((better > worse) == measure.higher_is_better).all()


def test_deletion_by_hand():
    first = class_probability(MODEL, IMAGES, np.ones(4, int))
    none = class_probability(MODEL, np.zeros_like(IMAGES), np.ones(4, int))
    half = IMAGES.copy()
    half[:, :5] = 0
    top = np.zeros_like(TRUTH)
    top[:, :5] = 1
    middle = class_probability(MODEL, half, np.ones(4, int))
    area = (first / 2 + middle + none / 2) / 2
    np.testing.assert_allclose(deletion(MODEL, top, IMAGES, 1, steps=2, baseline=0.0), area)
    bottom_first = insertion(MODEL, 1 - top, IMAGES, 1, steps=2, start=0.0)
    np.testing.assert_allclose(bottom_first, (first / 2 + none + none / 2) / 2, atol=1e-6)


def test_sensitivity_n_is_the_mean_of_pearsons():
    rng = np.random.default_rng(0)
    subsets, maps = rng.random((2, 9, *SIZE)) < 0.3, random_maps(1)
    found = ours.sensitivity_n(MODEL, maps, IMAGES, 1, subsets=subsets, baseline=0.25)
    for n, image in enumerate(IMAGES):
        correlations = []
        for of_size in subsets:
            changed = np.where(of_size[..., None], np.float32(0.25), image)
            falls = class_probability(MODEL, image[None], [1]) - class_probability(
                MODEL, changed, np.ones(9, int)
            )
            correlations.append(pearsonr([maps[n][s].sum() for s in of_size], falls).statistic)
        assert found[n] == pytest.approx(np.mean(correlations), abs=1e-5)


def test_a_map_that_is_the_effect_itself_has_no_infidelity():
    rows = np.zeros((10, *SIZE), bool)
    rows[np.arange(10), np.arange(10)] = True
    after = [
        class_probability(MODEL, np.where(r[..., None], 0, IMAGES), np.ones(4, int)) for r in rows
    ]
    falls = class_probability(MODEL, IMAGES, np.ones(4, int)) - np.array(after)
    maps = np.repeat(falls.T[..., None] / SIZE[1], SIZE[1], axis=-1)
    found = ours.infidelity(MODEL, 5 * maps, IMAGES, 1, regions=rows, baseline=0.0)
    np.testing.assert_allclose(found, 0, atol=1e-9)
    assert (
        ours.infidelity(MODEL, TRUTH[:, ::-1], IMAGES, 1, regions=rows, baseline=0.0).min() > 1e-3
    )


@few
@given(seeds, st.integers(1, 3))
def test_imputed_pixels_are_the_mean_of_their_neighbours(seed, channels):
    rng = np.random.default_rng(seed)
    images, removed = rng.random((3, 7, 6, channels)), rng.random((3, 7, 6)) < 0.8
    removed[:, 3, 3] = False
    filled = impute(images, removed, noise=0)
    np.testing.assert_allclose(filled[~removed], images[~removed], rtol=1e-6)
    padded = np.pad(filled.astype(float), ((0, 0), (1, 1), (1, 1), (0, 0)))
    inside = np.pad(np.ones((7, 6)), 1)
    total, weight = 0, 0
    for down in range(3):
        for right in range(3):
            w = {2: 0, 1: 1 / 6, 0: 1 / 12}[(down == 1) + (right == 1)]
            total = total + w * padded[:, down : down + 7, right : right + 6]
            weight = weight + w * inside[down : down + 7, right : right + 6]
    means = total / weight[..., None]
    np.testing.assert_allclose(filled[removed], means[removed], atol=1e-5)


def test_noise_is_only_where_pixels_were_removed_and_repeats():
    images, removed = np.zeros((1, 40, 40, 1)), np.zeros((1, 40, 40), bool)
    removed[:, :30] = True
    noisy = impute(images, removed, noise=0.5, seed=3)
    assert noisy[removed].std() == pytest.approx(0.5, rel=0.1)
    assert (noisy[~removed] == 0).all()
    np.testing.assert_array_equal(noisy, impute(images, removed, noise=0.5, seed=3))


@few
@given(seeds)
def test_equal_pixels_come_in_random_order(seed):
    order = ranks(np.zeros((2, 5, 6)), seed)
    assert (np.sort(order.reshape(2, -1)) == np.arange(30)).all()
    assert (order != ranks(np.zeros((2, 5, 6)), seed + 1)).any()
    assert (order[0] != order[1]).any()


def test_max_sensitivity_by_hand():
    changes = np.stack([np.full_like(IMAGES, d) for d in (0.01, -0.03, 0.02)])

    def picture(model, images, classes):
        return images[..., 0]

    found = ours.max_sensitivity(MODEL, picture, IMAGES, perturbations=changes)
    length = np.linalg.norm(IMAGES[..., 0], axis=(1, 2))
    np.testing.assert_allclose(found, 0.03 * np.sqrt(120) / length, rtol=1e-4)
    small, large = (ours.max_sensitivity(MODEL, picture, IMAGES, radius=r) for r in (0.01, 0.1))
    assert (large > 5 * small).all()


def test_parameter_randomisation_sees_the_weights():
    def kernel(model, images, classes):
        (weights,) = (w for w in model.get_weights() if w.ndim == 2)
        return np.tile(weights[:, 1].reshape(SIZE), (len(images), 1, 1))

    def image(model, images, classes):
        return images[..., 0]

    assert abs(ours.parameter_randomisation(MODEL, kernel, IMAGES)).max() < 0.5
    np.testing.assert_allclose(ours.parameter_randomisation(MODEL, image, IMAGES), 1)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = corner_network()

    def call(self, x):
        return self.inner(x)


@pytest.mark.parametrize("make", [corner_network, Subclassed])
def test_randomised_copies_are_shuffled_and_repeat(make):
    model = make()
    model(IMAGES)
    before = [w.copy() for w in model.get_weights()]
    one, again, other = (randomised(model, IMAGES.shape[1:], s).get_weights() for s in (0, 0, 1))
    assert not np.array_equal(one[0], before[0])
    assert not np.array_equal(one[0], other[0])
    for old, kept, new, same in zip(before, model.get_weights(), one, again, strict=True):
        np.testing.assert_array_equal(old, kept)
        np.testing.assert_array_equal(np.sort(old, axis=None), np.sort(new, axis=None))
        np.testing.assert_array_equal(new, same)


def test_a_network_of_one_value_cannot_be_randomised():
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Softmax()]
    )
    with pytest.raises(UsageError, match="cannot be randomised"):
        randomised(model, (4, 4, 1))


def test_a_flat_map_points_by_chance():
    masks = np.zeros((2, 4, 5), bool)
    masks[:, :2] = True
    flat = np.full((2, 4, 5), 0.3)
    np.testing.assert_allclose(ours.pointing_game(flat, masks), 0.5)
    np.testing.assert_allclose(ours.energy(flat, masks), 0.5)
    np.testing.assert_allclose(ours.energy(-flat, masks), 0)


def test_intervals_cover_the_mean_and_narrow_with_images():
    rng = np.random.default_rng(0)
    rows = rng.normal(2, 1, (200, 60))
    intervals = mean_intervals(rows)
    covered = (intervals[:, 1] <= 2) & (intervals[:, 2] >= 2)
    assert 0.88 < covered.mean() < 0.99
    widths = [np.diff(mean_intervals(rows[:1, :n])[0, 1:]) for n in (10, 20, 60)]
    assert all(a > b for a, b in pairwise(widths))
    narrow = mean_intervals(rows[:1], confidence=0.5)[0]
    assert narrow[2] - narrow[1] < widths[-1]


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("insertion", {"steps": 1}),
        ("deletion", {"steps": 2.5}),
        ("road", {"shares": (0.5, 1.0)}),
        ("road", {"shares": ()}),
        ("sensitivity_n", {"samples": 2}),
        ("sensitivity_n", {"shares": 0.3}),
        ("infidelity", {"samples": 0}),
        ("max_sensitivity", {"samples": 0}),
        ("max_sensitivity", {"radius": 0}),
    ],
)
def test_bad_arguments(name, argument):
    with pytest.raises(UsageError, match=next(iter(argument))):
        MEASURES[name].function(MODEL, TRUTH, IMAGES, **argument)


@pytest.mark.parametrize("name", MEASURES)
def test_docstrings_cite_and_tell_the_direction(name):
    text = " ".join(inspect.getdoc(MEASURES[name].function).split())
    assert "arXiv:" in text
    assert ("Higher" if MEASURES[name].higher_is_better else "Lower") + " is better" in text

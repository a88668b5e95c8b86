import numpy as np
import pytest

from regard import UsageError, attribution
from regard.attribution.random_masks import random_mask


def test_finds_what_the_detector_looks_at(detector):
    for seed in (0, 1):
        found = attribution.rise(detector, np.ones((12, 16)), 1, seed=seed)[0]
        row, column = np.unravel_index(found.argmax(), found.shape)
        assert abs(row - 4) <= 1 and abs(column - 10) <= 1


def test_is_the_mean_probability_of_the_masks_that_let_a_pixel_through(detector):
    image = np.random.default_rng(0).random((12, 16))
    masks = np.stack([random_mask((12, 16), 4, 0.3, 7, n) for n in range(9)])
    logits = (masks * image)[:, 3:6, 9:12].sum((1, 2))
    weights = (1 / (1 + np.exp(-logits)))[:, None, None] * masks
    got = attribution.rise(detector, image, 1, masks=9, cells=4, kept=0.3, seed=7)
    seen = masks.sum(0)
    np.testing.assert_allclose(got[0], weights.sum(0) / np.where(seen, seen, 1), atol=1e-5)


def test_equal_probabilities_give_a_flat_map(detector):
    maps = attribution.rise(detector, np.zeros((12, 16)), 1, masks=50)
    np.testing.assert_allclose(maps, 0.5, atol=1e-6)


def test_masks_let_the_asked_share_through_everywhere():
    masks = np.stack([random_mask((20, 30), 5, 0.3, 0, n) for n in range(1500)])
    assert masks.min() >= 0 and masks.max() <= 1
    np.testing.assert_allclose(masks.mean(0), 0.3, atol=0.07)
    assert len(np.unique(masks[0])) > 10


def test_seed_chooses_the_masks(detector):
    image = np.random.default_rng(0).random((12, 16))
    one, same, other = (
        attribution.rise(detector, image, 1, masks=20, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3


@pytest.mark.parametrize(
    "arguments", [{"masks": 0}, {"cells": 0}, {"kept": 0}, {"kept": 1}, {"seed": -1}]
)
def test_bad_arguments_are_told(arguments, detector):
    with pytest.raises(UsageError, match=f"{next(iter(arguments))} must be"):
        attribution.rise(detector, np.ones((12, 16)), 1, **arguments)

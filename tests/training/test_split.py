import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import DataError
from regard.training.split import stratified_split

COUNTS = st.lists(st.integers(2, 40), min_size=1, max_size=6)
FRACTIONS = st.floats(0, 1, exclude_min=True, exclude_max=True)
SEEDS = st.integers(0, 2**32 - 1)


def shuffled(counts, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed + 1).permutation(labels)


@given(COUNTS, FRACTIONS, SEEDS)
def test_disjoint_complete_and_stratified(counts, fraction, seed):
    labels = shuffled(counts, seed)
    training, validation = stratified_split(labels, fraction, seed)
    assert sorted([*training, *validation]) == list(range(len(labels)))
    assert (np.diff(training) > 0).all()
    assert (np.diff(validation) > 0).all()
    held_out = np.bincount(labels[validation], minlength=len(counts))
    for count, held in zip(counts, held_out, strict=True):
        assert 1 <= held <= count - 1
        assert abs(held - fraction * count) <= 1


@given(COUNTS, FRACTIONS, SEEDS)
def test_same_seed_same_split(counts, fraction, seed):
    labels = shuffled(counts, 0)
    first, second = (stratified_split(labels, fraction, seed) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_other_seed_other_split():
    labels = np.repeat(np.arange(10), 20)
    splits = {tuple(stratified_split(labels, 0.1, seed)[1]) for seed in range(20)}
    assert len(splits) == 20


def test_class_with_one_image():
    with pytest.raises(DataError, match=r"Class 1 has 1 image; .* at least 2"):
        stratified_split(np.array([0, 0, 1, 2, 2]), 0.5, seed=0)


def test_class_without_images_is_no_matter():
    training, validation = stratified_split(np.array([0, 0, 5, 5]), 0.5, seed=0)
    assert len(training) == len(validation) == 2

import numpy as np
import pytest

from regard import datasets
from regard.errors import DataError
from regard.studies.part import part_of


@pytest.fixture(scope="module")
def whole():
    return datasets.load("fashion-mnist-sample")


def test_each_class_keeps_its_share(whole):
    part = part_of(whole, 500, seed=0)
    assert np.bincount(part.train.labels).tolist() == [50] * 10
    assert part.test is whole.test


def test_the_seed_decides(whole):
    one, again, other = (part_of(whole, 300, seed).train.images for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_images_keep_their_labels(whole):
    part = part_of(whole, 100, seed=2).train
    known = {
        image.tobytes(): label for image, label in zip(*vars(whole.train).values(), strict=True)
    }
    assert all(known[i.tobytes()] == n for i, n in zip(part.images, part.labels, strict=True))


def test_all_images(whole):
    assert part_of(whole, None, seed=0) is whole


def test_more_than_there_are(whole):
    with pytest.raises(DataError, match="has 6,000"):
        part_of(whole, 6000, seed=0)

import numpy as np
import pytest
from PIL import Image

from regard import datasets
from regard.datasets import duplicates
from regard.datasets.picture import read_described

COUNT = 150


@pytest.fixture(scope="module")
def pictures():
    return [Image.fromarray(one) for one in datasets.load("fashion-mnist-sample").train.images]


@pytest.fixture(scope="module")
def originals(pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    return [
        described(one.resize((80, 80)), folder / f"{n}.png")
        for n, one in enumerate(pictures[:COUNT])
    ]


def described(image, file, **options):
    image.save(file, **options)
    thumbnail, description = read_described(file, duplicates.THUMBNAIL[:2], 1)
    return description, thumbnail


def near(pictures):
    return duplicates.near(*zip(*pictures, strict=True))


def test_the_same_bytes_are_one_group(originals):
    descriptions = [description for description, _ in originals[:3]]
    assert duplicates.exact([*descriptions, *descriptions[1:2] * 2]) == [[1, 3, 4]]


def test_different_pictures_do_not_look_the_same(originals):
    assert near(originals) == []


@pytest.mark.parametrize(
    ("size", "suffix", "options"),
    [
        ((64, 64), "jpg", {"quality": 80}),
        ((200, 200), "webp", {"quality": 70}),
        ((50, 50), "gif", {}),
    ],
)
def test_a_picture_in_another_size_and_format_looks_the_same(
    originals, pictures, tmp_path, size, suffix, options
):
    again = [
        described(one.resize((80, 80)).resize(size), tmp_path / f"{n}.{suffix}", **options)
        for n, one in enumerate(pictures[:COUNT])
    ]
    assert near(originals + again) == [(n, n + COUNT) for n in range(COUNT)]


def test_the_same_file_is_not_near_but_the_same(originals):
    assert near([originals[0], originals[0]]) == []


def test_flat_pictures_are_left_out(tmp_path):
    flat = [
        described(Image.new("L", (40, 40), shade), tmp_path / f"{shade}.png") for shade in (0, 1, 2)
    ]
    assert near(flat) == []


def test_pairs_are_found_across_blocks_of_rows(originals, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(duplicates, "_BLOCK", 7)
    again = described(pictures[2].resize((64, 64)), tmp_path / "again.jpg")
    assert near([*originals, again]) == [(2, COUNT)]


def test_no_pictures():
    assert duplicates.exact([]) == duplicates.near([], np.empty((0, 16, 16, 1))) == []

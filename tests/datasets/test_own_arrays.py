import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.datasets import Provenance
from regard.datasets.own_arrays import as_dataset
from regard.errors import DataError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, 6, 8), np.uint8)
LABELS = np.arange(60) % 3
TEST = (IMAGES[:12] // 2, LABELS[:12])


def made(images=IMAGES, labels=LABELS, test=None, names=None):
    return as_dataset("mine", (images, labels), test, names, Provenance("here"))


def parts(dataset):
    return dataset.train, dataset.validation, dataset.test


def pairs(*splits):
    return sorted(
        (image.tobytes(), int(label))
        for split in splits
        for image, label in zip(split.images, split.labels, strict=True)
    )


def test_every_image_is_on_one_side_with_its_label():
    dataset = made()
    assert pairs(*parts(dataset)) == sorted(
        (image.tobytes(), int(label)) for image, label in zip(IMAGES, LABELS, strict=True)
    )
    assert dataset.train.images.shape[1:] == (6, 8, 1)
    for part in parts(dataset):
        assert set(part.labels.tolist()) == {0, 1, 2}
    assert dataset.class_names == ("0", "1", "2")
    assert dataset.provenance == Provenance("here")


def test_an_image_stays_on_its_side_when_others_are_added():
    more = RNG.integers(0, 256, (30, 6, 8), np.uint8)
    before = made()
    after = made(np.concatenate([more, IMAGES]), np.concatenate([LABELS[:30], LABELS]))
    for part, grown in zip(parts(before), parts(after), strict=True):
        assert set(pairs(part)) <= set(pairs(grown))


def test_a_test_part_is_kept_as_it_is():
    dataset = made(test=TEST)
    np.testing.assert_array_equal(dataset.test.images[..., 0], TEST[0])
    np.testing.assert_array_equal(dataset.test.labels, TEST[1])
    assert len(dataset.train) + len(dataset.validation) == 60
    assert set(dataset.validation.labels.tolist()) == {0, 1, 2}


def test_colour_one_hot_labels_and_class_names():
    dataset = made(np.stack([IMAGES] * 3, -1), np.eye(3)[LABELS], names=("a", "b", "c"))
    assert dataset.train.images.shape[1:] == (6, 8, 3)
    assert dataset.train.labels.dtype == np.int64
    assert dataset.class_names == ("a", "b", "c")


@given(st.sampled_from([np.float16, np.float32, np.float64]))
def test_floats_of_whole_255ths_give_the_same_images_and_say_so(dtype):
    dataset = made((IMAGES / 255).astype(dtype))
    assert pairs(*parts(dataset)) == pairs(*parts(made()))
    assert dataset.train.images.dtype == np.uint8
    assert dataset.provenance.notice == (
        f"The images were {np.dtype(dtype)}, 0…1, and are rounded to 255ths."
    )


def test_floats_between_255ths_are_rounded_to_the_nearest():
    values = np.array([0, 0.4, 0.6, 1.4, 254.4, 254.6])[np.arange(48) % 6].reshape(6, 8)
    images = np.concatenate([IMAGES / 255, np.broadcast_to(values / 255, (6, 6, 8))])
    dataset = made(images, np.arange(66) % 3)
    images = np.concatenate([part.images for part in parts(dataset)])
    expected = np.array([0, 0, 1, 1, 254, 255])[np.arange(48) % 6].reshape(6, 8, 1)
    assert sum((image == expected).all() for image in images) == 6


def test_copies_are_on_one_side():
    dataset = made(np.concatenate([IMAGES] * 3), np.concatenate([LABELS] * 3))
    found = [set(pairs(part)) for part in parts(dataset)]
    assert sum(map(len, found)) == 60
    assert dataset.provenance.notice == ""


def test_what_lies_on_both_sides_or_in_two_classes_is_said():
    test = (np.concatenate([IMAGES[:2], TEST[0][2:]]), TEST[1])
    assert made(test=test).provenance.notice == (
        "2 test images are among the images to train and validate on."
    )
    images = IMAGES.copy()
    images[1] = images[0]
    assert made(images).provenance.notice == "1 images occur with several labels."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": IMAGES / 254.0}, r"float64 from 0 to 1\.00394; save them as uint8, 0…255"),
        ({"images": np.full((60, 6, 8), np.nan)}, "float64 from nan to nan"),
        ({"images": IMAGES.astype(int)}, "images are int64; save them as uint8"),
        ({"images": IMAGES[..., None, None]}, r"shape \(60, 6, 8, 1, 1\)"),
        ({"images": np.stack([IMAGES] * 4, -1)}, r"shape \(60, 6, 8, 4\)"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, r"shape \(0, 6, 8\)"),
        ({"labels": LABELS[:-1]}, "59 labels for 60 images"),
        ({"labels": LABELS * 2}, "Of 5 classes 2 have no training image, such as 1"),
        ({"labels": LABELS + 2**30}, "run from 0 to 1073741826 for 60 images"),
        ({"labels": LABELS * 0}, "at least two classes"),
        ({"labels": LABELS.astype(str)}, "whole numbers"),
        ({"names": ("a", "b")}, "Label 2 is out of range: 2 classes"),
        ({"names": ("a", "b", "c", "d")}, "Of 4 classes 1 have no training image, such as d"),
        ({"test": (TEST[0], TEST[1] * 0)}, "Of 3 classes 2 have no test image, such as 1"),
        ({"test": (TEST[0][:, 1:], TEST[1])}, r"images are .*\(.*6, 8.*1\)"),
        ({"images": IMAGES[:5], "labels": LABELS[:5]}, "Class 0 has 2 different images; it needs"),
        ({"images": IMAGES * 0}, "Class 0 has 1 different images"),
    ],
)
def test_what_cannot_be_used(change, message):
    with pytest.raises(DataError, match=message) as error:
        made(**change)
    assert str(error.value).startswith("here: ")

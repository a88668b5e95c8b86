import shutil

import numpy as np
import pytest
from PIL import Image

from regard import datasets
from regard.datasets.photo_check import check_photos
from regard.datasets.photo_split import split_photos
from regard.errors import DataError


@pytest.fixture
def table(tmp_path):
    """A function that writes twelve photos of each of two classes and a table of their splits."""
    split = datasets.load("fashion-mnist-sample").test

    def make(splits):
        rows = ["path,label,split"]
        for label, name in ((9, "boot"), (0, "shirt")):
            images = split.images[split.labels == label]
            for number, side in enumerate(splits):
                Image.fromarray(images[number]).save(tmp_path / f"{name}{number}.png")
                rows.append(f"{name}{number}.png,{name},{side}")
        file = tmp_path / "labels.csv"
        file.write_text("\n".join(rows))
        return file

    return make


def test_the_splits_of_a_table_rule(table):
    splits = ["test", "validation", "train", "train", "test"]
    found = check_photos(table(splits))
    assert split_photos(found).tolist() == [2, 1, 0, 0, 2] * 2


def test_without_validation_a_part_of_the_training_photos_is_taken_by_content(table):
    found = check_photos(table(["train"] * 8 + ["test"] * 3))
    sides = split_photos(found, 0.3)
    labels = np.array([photo.label for photo in found.photos])
    for label in (0, 1):
        own = sides[labels == label]
        assert own[8:].tolist() == [2] * 3
        assert set(own[:8].tolist()) == {0, 1}
    assert split_photos(found, 0.3).tolist() == sides.tolist()


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (["train", "validation"], "No photo of class boot .* split 'test'"),
        (["test", "validation"], "No photo of class boot .* split 'train'"),
        (["train", "test"], r"boot has 1 different photos .* at least 2, to train and validate on"),
    ],
)
def test_a_side_without_photos(table, splits, message):
    with pytest.raises(DataError, match=message):
        split_photos(check_photos(table(splits)))


def test_a_class_that_is_not_tested(table):
    file = table(["train", "validation", "test"])
    file.write_text(file.read_text().replace("shirt2.png,shirt,test", "shirt2.png,shirt,train"))
    with pytest.raises(DataError, match=r"No photo of class shirt .* split 'test'"):
        split_photos(check_photos(file))


def test_a_copy_on_another_side(table):
    file = table(["train", "validation", "test"])
    shutil.copy(file.parent / "boot0.png", file.parent / "boot2.png")
    with pytest.raises(DataError, match=r"two sides: boot0\.png \(train\) and boot2\.png \(test\)"):
        split_photos(check_photos(file))


def test_a_group_on_two_given_sides(table):
    file = table(["train", "validation", "test"])
    rows = file.read_text().splitlines()
    groups = ["group", *(f"p{number}" for number in range(6))]
    groups[3] = "p0"
    file.write_text("\n".join(f"{row},{g}" for row, g in zip(rows, groups, strict=True)))
    with pytest.raises(
        DataError, match=r"one group, .*: boot0\.png \(train\) and boot2\.png \(test"
    ):
        split_photos(check_photos(file))


def test_the_validation_part_of_given_sides_keeps_groups_whole(table):
    file = table(["train"] * 9 + ["test"] * 2)
    rows = file.read_text().splitlines()
    groups = ["group", *[f"p{n // 3}" for n in range(11)] * 2]
    file.write_text("\n".join(f"{row},{g}" for row, g in zip(rows, groups, strict=True)))
    sides = split_photos(check_photos(file), 0.3)
    for start in (0, 3, 6):
        assert len({*sides[start : start + 3], *sides[start + 11 : start + 14]}) == 1
    assert set(sides[:9].tolist()) == {0, 1}

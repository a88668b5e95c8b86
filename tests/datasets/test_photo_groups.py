import shutil
from pathlib import Path

import pytest
from PIL import Image

from regard import datasets
from regard.datasets.photo_check import check_photos
from regard.datasets.photo_groups import with_groups
from regard.datasets.photo_source import Photo, PhotoSource
from regard.datasets.photo_split import split_photos
from regard.errors import DataError, UsageError

CLASSES = ("cat", "dog")


def source(*names, groups=None):
    folder = Path("photos")
    photos = [
        Photo(folder / name, CLASSES.index(name.split("/")[0]), group=group)
        for name, group in zip(names, groups or [None] * len(names), strict=True)
    ]
    return PhotoSource(folder, CLASSES, photos, [])


def groups(photos, group_by):
    return [photo.group for photo in with_groups(photos, group_by).photos]


def test_the_folder_inside_the_class_folder():
    photos = source("cat/ann/1.png", "cat/ben/old/1.png", "dog/ann/1.png")
    assert groups(photos, "folder") == ["ann", "ben", "ann"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"(patient\d+)_", ["patient1", "patient22"]),
        (r"/patient(\d+)", ["1", "22"]),
        (r"^([^/]+)/", ["cat", "dog"]),
    ],
)
def test_a_pattern_is_searched_for_in_the_path_below_the_folder(pattern, found):
    assert groups(source("cat/patient1_a.png", "dog/patient22_a.png"), pattern) == found


def test_the_groups_of_a_table_are_kept_unless_a_pattern_is_given():
    photos = source("cat/a1.png", "dog/b1.png", groups=["x", "y"])
    assert groups(photos, None) == groups(photos, "folder") == ["x", "y"]
    assert groups(photos, r"/(\w)1") == ["a", "b"]
    assert groups(source("cat/a1.png"), None) == [None]


@pytest.mark.parametrize(
    ("group_by", "message"),
    [
        ("folder", r"folder: 2 of 3 photos lie in no folder inside .*, such as cat/1\.png\."),
        (r"dog/(x)/", r"2 of 3 photos are not matched by it, such as cat/1\.png"),
        (r"/(x*)", "2 of 3 photos are not matched"),
        (r"cat|dog/(\w)", "2 of 3 photos are not matched"),
    ],
)
def test_photos_without_a_group_are_counted_and_one_is_named(group_by, message):
    with pytest.raises(DataError, match=message):
        with_groups(source("cat/1.png", "cat/2.png", "dog/x/1.png"), group_by)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(a", "neither 'folder' nor a pattern: missing"),
        ("folders", "has 0 capturing groups; it needs one"),
        ("(a)(b)", "has 2 capturing groups"),
        ("", "has 0 capturing groups"),
    ],
)
def test_patterns_that_are_none(pattern, message):
    with pytest.raises(UsageError, match=message):
        with_groups(source("cat/1.png"), pattern)


def test_a_folder_is_a_group_only_inside_the_folder_of_the_class():
    photos = source("cat/ann/1.png", "dog/ann/2.png")
    photos.photos[0] = photos.photos[0]._replace(label=1)
    with pytest.raises(DataError, match=r"1 of 2 photos lie in no folder inside .* cat/ann/1\.png"):
        with_groups(photos, "folder")


@pytest.fixture
def album(tmp_path):
    """Three photos of each of eight patients, who are in both of two classes."""
    images = datasets.load("fashion-mnist-sample").test.images
    for number, image in enumerate(images[:48]):
        folder = tmp_path / CLASSES[number % 2] / f"patient{number // 6}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number}.png")
    return tmp_path


def sides(album, group_by="folder"):
    found = check_photos(album, group_by)
    return {
        found.name(photo): side
        for photo, side in zip(found.photos, split_photos(found).tolist(), strict=True)
    }


def by_patient(sides):
    return {(name.split("/")[1], side) for name, side in sides.items()}


def test_no_group_is_on_two_sides_and_every_class_on_all(album):
    found = sides(album)
    assert len(by_patient(found)) == 8
    assert {(name[:3], side) for name, side in found.items()} == {
        (name, side) for name in CLASSES for side in range(3)
    }
    assert sides(album, r"(patient\d)/") == found


def test_groups_that_share_a_photo_are_on_one_side(album):
    found = by_patient(sides(album))
    first, second = (next(name for name, side in found if side == wanted) for wanted in (0, 2))
    for name in ("cat", "dog"):
        photo = next((album / name / first).iterdir())
        shutil.copy(photo, album / name / second / "copy.png")
    joined = dict(by_patient(sides(album)))
    assert joined[first] == joined[second]
    assert len(by_patient(sides(album))) == 8


def test_a_class_with_fewer_than_three_groups(album):
    for number in range(6):
        shutil.rmtree(album / "dog" / f"patient{number}")
    with pytest.raises(DataError, match=r"Class dog has 2 groups .* needs at least 3, to train, v"):
        sides(album)

import os

import pytest

from regard.datasets.photo_folder import find_photos
from regard.errors import DataError


@pytest.fixture
def tree(tmp_path):
    """A function that makes empty files."""

    def make(*names):
        for name in names:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        return tmp_path

    return make


def test_classes_and_files_are_in_natural_order(tree):
    root = tree("cat 10/1.png", "cat 2/10.JPG", "cat 2/2.jpeg", "żółw/ą b.webp")
    found = find_photos(root)
    assert found.class_names == ("cat 2", "cat 10", "żółw")
    names = [(photo.path.relative_to(root).as_posix(), photo.label) for photo in found.photos]
    assert names == [
        ("cat 2/2.jpeg", 0),
        ("cat 2/10.JPG", 0),
        ("cat 10/1.png", 1),
        ("żółw/ą b.webp", 2),
    ]
    assert found.ignored == []


def test_photos_in_folders_below_are_of_the_class(tree):
    root = tree("a/2020/summer/1.png", "a/1.png", "b/1.png")
    assert [photo.label for photo in find_photos(root).photos] == [0, 0, 1]


def test_all_else_is_ignored_with_its_reason(tree):
    root = tree(
        "a/1.png",
        "b/1.png",
        "a/.hidden.png",
        ".git/x.png",
        "a/Thumbs.db",
        "__MACOSX/a/1.png",
        "a/notes.txt",
        "a/noname",
        "readme.png",
        "empty/sub/notes.txt",
    )
    reasons = {path.relative_to(root).as_posix(): why for path, why in find_photos(root).ignored}
    assert reasons == {
        ".git": "hidden",
        "a/.hidden.png": "hidden",
        "a/Thumbs.db": "of the system",
        "__MACOSX": "of the system",
        "a/notes.txt": "no picture's suffix (.txt)",
        "a/noname": "no picture's suffix (none)",
        "readme.png": "lies in no class folder",
        "empty/sub/notes.txt": "no picture's suffix (.txt)",
        "empty": "a folder without pictures",
    }


@pytest.mark.skipif(os.name == "nt", reason="makes links")
def test_a_link_to_a_folder_is_not_followed(tree):
    root = tree("a/1.png", "b/1.png")
    (root / "a" / "up").symlink_to(root)
    found = find_photos(root)
    assert len(found.photos) == 2
    assert found.ignored == [(root / "a" / "up", "a link to a folder")]


@pytest.mark.parametrize("names", [(), ("1.png",), ("a/1.png",), ("a/1.png", "b/1.txt")])
def test_fewer_than_two_classes(tree, names):
    with pytest.raises(DataError, match=r"has [01] folders with pictures; put .* of each class"):
        find_photos(tree(*names))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        find_photos(tmp_path / "nowhere")

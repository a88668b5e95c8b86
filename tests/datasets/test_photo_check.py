import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from regard import datasets
from regard.datasets.photo_check import check_photos
from regard.datasets.photos import load_photos
from regard.errors import UsageError


@pytest.fixture
def photos(tmp_path):
    """Twelve photos of each of two classes, and what people's folders hold besides."""
    split = datasets.load("fashion-mnist-sample").test
    for label, name in ((0, "shirt"), (9, "boot")):
        (tmp_path / name).mkdir()
        for number, image in enumerate(split.images[split.labels == label][:12]):
            Image.fromarray(image).resize((56, 84)).save(tmp_path / name / f"{number}.jpg")
    return tmp_path


def test_good_photos_have_no_problems(photos):
    found = check_photos(photos)
    assert found.counts() == [("boot", 12, 12), ("shirt", 12, 12)]
    assert found.problems() == []
    assert found.summary() == (
        "24 JPEG; 24 L; rows x columns 84-84 x 56-56; 0 with an orientation mark"
    )


def test_every_bad_file_is_named_with_its_reason_and_left_as_it_is(photos):
    boot = photos / "boot"
    (boot / "half.jpg").write_bytes((boot / "1.jpg").read_bytes()[:500])
    (boot / "empty.jpg").touch()
    (boot / "page.jpg").write_text("<html>")
    Image.open(boot / "3.jpg").rotate(90).save(boot / "w.webp")
    (boot / "w.webp").rename(boot / "w.jpg")
    before = {path: path.read_bytes() for path in photos.rglob("*.*")}
    found = check_photos(photos)
    reasons = dict(line.split(": ", 1) for line in found.problems())
    assert set(reasons) == {f"boot/{n}.jpg" for n in ("half", "empty", "page", "w")}
    assert "truncated" in reasons["boot/half.jpg"]
    assert reasons["boot/empty.jpg"] == "empty, 0 bytes"
    assert "cannot identify" in reasons["boot/page.jpg"]
    assert reasons["boot/w.jpg"] == "is WEBP by its content"
    assert found.counts()[0] == ("boot", 13, 16)
    assert {path: path.read_bytes() for path in photos.rglob("*.*")} == before


def test_the_same_photo_twice(photos):
    shutil.copy(photos / "boot" / "2.jpg", photos / "boot" / "copy.jpg")
    shutil.copy(photos / "boot" / "3.jpg", photos / "shirt" / "copy.jpg")
    with Image.open(photos / "boot" / "4.jpg") as image:
        image.resize((112, 168)).save(photos / "boot" / "large.png")
    *same, alike = check_photos(photos).problems()
    assert same == [
        "the same photo: boot/2.jpg, boot/copy.jpg",
        "the same photo in two classes: boot/3.jpg, shirt/copy.jpg",
    ]
    assert re.match(r"look the same.*: boot/4.jpg.*, boot/large.png", alike)


def test_photos_that_look_the_same_are_told_with_their_sides_where_these_differ(photos):
    before = check_photos(photos)
    for number in range(12):
        with Image.open(photos / "boot" / f"{number}.jpg") as image:
            image.resize((112, 168)).save(photos / "boot" / f"{number}.png")
    found = check_photos(photos)
    sides = {found.name(photo): side for photo, side in found.sides().items()}
    expected = set()
    for number in range(12):
        pair = (f"boot/{number}.jpg", f"boot/{number}.png")
        first, second = (sides[name] for name in pair)
        if first == second:
            expected.add(f"look the same: {pair[0]}, {pair[1]}")
        else:
            expected.add(f"look the same, on two sides: {pair[0]} ({first}), {pair[1]} ({second})")
    assert set(found.problems()) - set(before.problems()) == expected
    assert any("on two sides" in line for line in expected)
    assert all("on two sides" not in line for line in check_photos(photos, r"(\d+)\.").problems())


def test_the_sides_are_those_of_training(photos):
    dataset = load_photos(photos)
    counts = check_photos(photos).counts_by_side()
    for side, part in zip(counts, (dataset.train, dataset.validation, dataset.test), strict=True):
        assert counts[side] == np.bincount(part.labels).tolist()


def test_few_photos_and_imbalance(photos):
    for number in range(11):
        (photos / "boot" / f"{number}.jpg").unlink()
    assert check_photos(photos).problems() == [
        "class boot: only 1 photos",
        "the largest class has 12 photos, the smallest 1",
        "cannot be split: Class boot has 1 different photos that can be read; it needs at least 3, "
        "to train, validate and test on.",
    ]


def test_orientation_marks_are_counted_and_obeyed(photos):
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(photos / "boot" / "0.jpg") as image:
        image.save(photos / "boot" / "0.jpg", exif=exif)
    found = check_photos(photos)
    assert (found.descriptions[0].rows, found.descriptions[0].columns) == (56, 84)
    assert "1 with an orientation mark" in found.summary()


def test_a_class_of_broken_files_alone(photos):
    for file in (photos / "boot").iterdir():
        file.write_bytes(b"")
    found = check_photos(photos)
    assert found.counts() == [("boot", 0, 12), ("shirt", 12, 12)]
    assert "class boot: only 0 photos" in found.problems()
    assert "cannot be split: No photo of class boot can be used." in found.problems()


def test_neither_a_folder_nor_a_table(photos):
    with pytest.raises(UsageError, match=r"0\.jpg is neither a folder of photos nor a CSV file"):
        check_photos(photos / "boot" / "0.jpg")


def test_names_that_are_no_text_or_would_steer_a_terminal_are_shown_escaped(photos):
    names = [os.fsdecode(b"latin \xe9"), "two\nlines", "\x1b[31mred"]
    (photos / "boot").rename(photos / names[0])
    for number, name in enumerate(names):
        (photos / names[0] / f"{number}.jpg").rename(photos / names[0] / f"{name}.jpg")
        (photos / names[0] / f"{name}.png").write_bytes(b"no picture")
        (photos / names[0] / f"{name}.txt").touch()
    found = check_photos(photos, "([a-z]+)")
    dataset = load_photos(photos)
    assert found.class_names == dataset.class_names == ("latin \\udce9", "shirt")
    notice = dataset.provenance.notice
    for line in [*found.problems(), notice]:
        assert line.encode().decode().isprintable()
    for name in ("latin \\udce9", "two\\nlines", "\\x1b[31mred"):
        assert f"latin \\udce9/{name}.png: " in notice
        assert f"latin \\udce9/{name}.txt" in notice


def test_a_photo_whose_exif_data_are_broken_is_used_and_named(photos):
    marked = Image.Exif()
    marked[0x0112] = 6
    bad = {
        "noise": b"Exif\0\0" + bytes(range(100)),
        "cut": marked.tobytes()[:20],
        "head": b"Exif\0\0II*\0",
    }
    good = {"marked": marked.tobytes(), "empty": Image.Exif().tobytes()}
    with Image.open(photos / "boot" / "0.jpg") as image:
        for turn, (name, exif) in enumerate((bad | good).items(), 1):
            image.rotate(20 * turn).save(photos / "boot" / f"{name}.jpg", exif=exif)
    marked[0x0112] = 99
    image.rotate(150).save(photos / "boot" / "unknown.jpg", exif=marked)
    found = check_photos(photos)
    assert found.counts()[0] == ("boot", 18, 18)
    named = {line.split(": ")[0] for line in found.problems() if "orientation" in line}
    assert named == {f"boot/{name}.jpg" for name in (*bad, "unknown")}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_links_that_lead_nowhere_and_pipes_are_called_so(photos):
    (photos / "boot" / "gone.jpg").symlink_to(photos / "gone")
    (photos / "boot" / "round.jpg").symlink_to(photos / "boot" / "round.jpg")
    os.mkfifo(photos / "boot" / "pipe.jpg")
    assert check_photos(photos).problems() == [
        "boot/gone.jpg: a link that leads to no file",
        "boot/pipe.jpg: neither a file nor a link to one",
        "boot/round.jpg: a link that leads to no file",
    ]

import shutil

import numpy as np
import pytest
from PIL import Image

from regard import datasets
from regard.datasets import image_store
from regard.datasets.photos import load_photos
from regard.datasets.picture import read_picture
from regard.errors import DataError


@pytest.fixture
def folder(tmp_path):
    """A function that writes photos of each of two classes, in colour and of many sizes."""
    split = datasets.load("fashion-mnist-sample").test

    def make(count=30, mode="RGB", size=None):
        for label, name in ((0, "shirt"), (9, "boot")):
            (tmp_path / name).mkdir(exist_ok=True)
            for number, pixels in enumerate(split.images[split.labels == label][:count]):
                image = Image.fromarray(pixels).convert(mode)
                image.resize(size or (50 + number, 70)).save(tmp_path / name / f"{number}.png")
        return tmp_path

    return make


def save_large_jpegs(root, count):
    """Writes photos that are decoded smaller than they are, some of them on their side."""
    rng = np.random.default_rng(0)
    for number in range(count):
        pixels = rng.integers(0, 256, (6, 8, 3), np.uint8)
        exif = Image.Exif()
        exif[0x0112] = (1, 6)[number % 2]
        photo = Image.fromarray(pixels).resize((640, 480))
        folder = root / ("boot", "shirt")[number % 2]
        folder.mkdir(exist_ok=True)
        photo.save(folder / f"large {number}.jpg", exif=exif)


def parts(dataset):
    return dataset.train, dataset.validation, dataset.test


def test_every_photo_is_on_one_side_as_read_picture_gives_it(folder):
    root = folder()
    save_large_jpegs(root, 20)
    dataset = load_photos(root, image_size=32)
    expected = {read_picture(file, (32, 32), 3).tobytes(): file for file in root.rglob("*.*")}
    found = [image.tobytes() for part in parts(dataset) for image in part.images]
    assert sorted(found) == sorted(expected)
    for part in parts(dataset):
        names = [expected[image.tobytes()].parent.name for image in part.images]
        assert names == [dataset.class_names[label] for label in part.labels]
        assert set(names) == {"boot", "shirt"}
    assert len(dataset.train) > len(dataset.test) > 0
    assert (dataset.name, dataset.provenance.source) == (root.name, str(root.resolve()))


@pytest.mark.parametrize(
    ("mode", "size", "shape"),
    [
        ("RGB", None, (96, 96, 3)),
        ("L", None, (96, 96, 1)),
        ("RGB", (40, 50), (50, 40, 3)),
        ("L", (40, 65), (96, 96, 1)),
        ("RGBA", (28, 28), (28, 28, 3)),
    ],
)
def test_size_and_channels_by_default(folder, mode, size, shape):
    assert load_photos(folder(6, mode, size)).train.images.shape[1:] == shape


def test_what_is_left_out_is_named(folder):
    root = folder(6)
    (root / "boot" / "empty.jpg").touch()
    (root / "notes.txt").touch()
    shutil.copy(root / "boot" / "3.png", root / "shirt" / "copy.png")
    dataset = load_photos(root)
    assert sum(map(len, parts(dataset))) == 11
    assert dataset.provenance.notice == (
        "1 files cannot be read and are left out: boot/empty.jpg: empty, 0 bytes. "
        "1 groups of photos are left out: the same photo in two classes: boot/3.png, "
        "shirt/copy.png. 1 other files and folders are ignored: notes.txt."
    )


def test_a_photo_that_is_left_out_does_not_tell_the_shape(folder):
    root = folder(6, "L", (28, 28))
    Image.new("RGB", (200, 100), "red").save(root / "boot" / "a.png")
    shutil.copy(root / "boot" / "a.png", root / "shirt" / "a.png")
    dataset = load_photos(root)
    assert "the same photo in two classes: boot/a.png, shirt/a.png" in dataset.provenance.notice
    assert dataset.train.images.shape[1:] == (28, 28, 1)
    expected = {read_picture(file).tobytes() for file in root.rglob("[0-9]*.png")}
    found = {image.tobytes() for part in parts(dataset) for image in part.images}
    assert found == expected


def test_the_photos_of_a_side_are_class_by_class_in_natural_order(folder):
    root = folder(40)
    files = [root / name / f"{n}.png" for name in ("boot", "shirt") for n in range(40)]
    place = {read_picture(file, (28, 28), 3).tobytes(): n for n, file in enumerate(files)}
    for part in parts(load_photos(root, image_size=28)):
        places = [place[image.tobytes()] for image in part.images]
        assert places == sorted(places)


def test_strict_refuses_a_file_that_cannot_be_read(folder):
    root = folder(6)
    (root / "boot" / "empty.jpg").touch()
    with pytest.raises(DataError, match=r"1 photos cannot be read \(--strict\): boot/empty.jpg"):
        load_photos(root, strict=True)


def test_a_photo_stays_on_its_side_when_others_are_added(folder):
    before = load_photos(folder(60), image_size=28)
    after = load_photos(folder(100), image_size=28)
    for part, grown in zip(parts(before), parts(after), strict=True):
        assert {i.tobytes() for i in part.images} <= {i.tobytes() for i in grown.images}


def test_another_content_gives_another_digest(folder):
    root = folder(6)
    before = load_photos(root).provenance.sha256
    assert load_photos(root).provenance.sha256 == before
    Image.new("RGB", (50, 70), "red").save(root / "boot" / "0.png")
    assert load_photos(root).provenance.sha256 != before


@pytest.mark.parametrize("count", [1, 2])
def test_a_class_with_too_few_photos(folder, count):
    with pytest.raises(DataError, match=rf"Class boot has {count} different photos .* at least 3"):
        load_photos(folder(count))


def test_a_class_of_which_no_photo_can_be_read(folder):
    root = folder(6)
    for file in (root / "boot").iterdir():
        file.write_bytes(b"")
    with pytest.raises(DataError, match="No photo of class boot can be used"):
        load_photos(root)


def test_uint8_labels_int64(folder):
    dataset = load_photos(folder(6))
    assert (dataset.train.images.dtype, dataset.train.labels.dtype) == (np.uint8, np.int64)


def test_photos_on_disk_train_and_test_as_those_in_memory(folder, monkeypatch, tmp_path_factory):
    from regard.evaluation.predict import classify
    from regard.training import Recipe, train_run

    root = folder(count=20)
    in_memory = load_photos(root, image_size=24)
    monkeypatch.setattr(image_store, "IN_MEMORY", 0)
    on_disk = load_photos(root, image_size=24)
    assert all(isinstance(part.images, np.memmap) for part in parts(on_disk))
    recipe = Recipe(dataset=str(root), epochs=1, batch_size=5, image_size=24)
    answers = []
    for dataset in (in_memory, on_disk):
        trained = train_run(recipe, dataset, tmp_path_factory.mktemp("runs"))
        answers.append(classify(trained.model, dataset.test.images))
    np.testing.assert_array_equal(*answers)

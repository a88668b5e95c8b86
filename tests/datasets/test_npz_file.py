import io
import pickle
import zipfile

import numpy as np
import pytest

from regard.datasets import npz_file
from regard.datasets.npz_file import load_npz
from regard.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 6, 8), np.uint8)
LABELS = np.arange(60) % 2
KERAS = {"x_train": IMAGES, "y_train": LABELS, "x_test": 255 - IMAGES[:9], "y_test": LABELS[:9]}


@pytest.fixture
def file(tmp_path):
    """A function that writes arrays."""

    def make(save=np.savez_compressed, **arrays):
        path = tmp_path / "mine.npz"
        save(path, **arrays)
        return path

    return make


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_images_and_labels(file, save):
    path = file(save, images=IMAGES, labels=LABELS, more=np.ones(3))
    dataset = load_npz(path)
    assert (dataset.name, dataset.provenance.source) == ("mine", str(path))
    assert list(dataset.provenance.sha256) == ["mine.npz"]
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 60


def test_the_names_that_keras_uses(file):
    dataset = load_npz(file(**KERAS, class_names=np.array(["żółw", "b"])))
    np.testing.assert_array_equal(dataset.test.images[..., 0], KERAS["x_test"])
    assert dataset.class_names == ("żółw", "b")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": IMAGES}, "holds the arrays a; it needs images and labels, or x_train and y_train"),
        ({}, "holds the arrays none"),
        ({"images": IMAGES, "y_train": LABELS}, "it needs images and labels"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES}, "holds x_test alone"),
        ({**KERAS, "class_names": np.array([1, 2])}, "class_names is int64 of shape"),
        ({**KERAS, "class_names": np.array(["a", "a"])}, "must hold different strings"),
        ({"images": IMAGES, "labels": np.array(["a", 1], object)}, "labels holds Python objects"),
        ({"images": IMAGES, "labels": LABELS[1:]}, "59 labels for 60 images"),
    ],
)
def test_arrays_that_cannot_be_used(file, arrays, message):
    with pytest.raises(DataError, match=message) as error:
        load_npz(file(**arrays))
    assert "mine.npz" in str(error.value)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("code in the file was run",))


def test_no_code_in_a_file_is_run(file, tmp_path):
    with pytest.raises(DataError, match="Python objects"):
        load_npz(file(images=np.array([Bomb()] * 3), labels=LABELS))
    (tmp_path / "mine.npz").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DataError, match=r"no \.npz file"):
        load_npz(tmp_path / "mine.npz")


def with_header(shape):
    """An array of few bytes whose header says that it is large."""
    stream = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


@pytest.mark.parametrize("shape", [(2**40,), (2**20, 2**20, 2**20)])
def test_a_header_that_asks_for_more_than_there_is(file, tmp_path, shape):
    with zipfile.ZipFile(file(images=IMAGES), "a") as archive:
        archive.writestr("labels.npy", with_header(shape))
    with pytest.raises(DataError, match=r"damaged, labels is shorter than its shape \([0-9]+,"):
        load_npz(tmp_path / "mine.npz")


def test_a_size_over_the_limit_is_refused_before_anything_is_unpacked(file, monkeypatch):
    path = file(images=IMAGES * 0, labels=LABELS)
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    monkeypatch.setattr(npz_file, "LIMIT", size - 1)
    monkeypatch.setattr(zipfile.ZipFile, "open", pytest.fail)
    with pytest.raises(DataError, match=rf"unpacks to {size:,} bytes, more than {size - 1:,}"):
        load_npz(path)


def test_the_limit_is_of_the_arrays_that_are_read(file, monkeypatch):
    path = file(images=IMAGES, labels=LABELS, more=np.zeros(10**6))
    monkeypatch.setattr(npz_file, "LIMIT", IMAGES.nbytes + LABELS.nbytes + 256)
    assert len(load_npz(path).train)


def test_every_cut_is_a_data_error(file):
    path = file(images=IMAGES[:6], labels=LABELS[:6])
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=r"mine\.npz: cut off, damaged or no \.npz file"):
            load_npz(path)


def test_an_altered_byte_is_a_data_error_or_says_the_same(file):
    path = file(images=IMAGES[:6], labels=LABELS[:6])
    expected = load_npz(path)
    content = path.read_bytes()
    for at in range(0, len(content), 5):
        altered = bytearray(content)
        altered[at] ^= 0x55
        path.write_bytes(altered)
        try:
            found = load_npz(path)
        except DataError:
            continue
        np.testing.assert_array_equal(found.train.images, expected.train.images)
        np.testing.assert_array_equal(found.train.labels, expected.train.labels)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"none\.npz: cannot be read \(No such file"):
        load_npz(tmp_path / "none.npz")

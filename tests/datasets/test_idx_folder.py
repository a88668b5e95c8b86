import gzip

import numpy as np
import pytest

from regard.datasets.idx_folder import TEST, TRAIN, holds_idx, load_idx
from regard.errors import DataError

RNG = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path):
    """A folder of 60 images to train on, packed, and 12 to test on, plain, of three classes."""
    for names, count, pack in ((TRAIN, 60, gzip.compress), (TEST, 12, bytes)):
        images = RNG.integers(0, 256, (count, 7, 9), np.uint8)
        suffix = ".gz" if pack is gzip.compress else ""
        for name, array in zip(names, (images, np.arange(count, dtype=np.uint8) % 3), strict=True):
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            (tmp_path / f"{name}{suffix}").write_bytes(pack(header + array.tobytes()))
    return tmp_path


def test_both_parts(folder):
    dataset = load_idx(folder)
    assert dataset.class_names == ("0", "1", "2")
    assert len(dataset.train) + len(dataset.validation) == 60
    assert dataset.test.images.shape == (12, 7, 9, 1)
    assert (dataset.name, dataset.provenance.source) == (folder.name, str(folder))
    assert set(dataset.provenance.sha256) == {*TRAIN, *TEST}


def test_without_a_test_part_a_fifth_is_tested_on(folder):
    for name in TEST:
        (folder / name).unlink()
    dataset = load_idx(folder)
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 60
    assert len(dataset.train) > len(dataset.test) > 0


@pytest.mark.parametrize("name", [TRAIN[1] + ".gz", *TEST])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert holds_idx(folder)
    with pytest.raises(DataError, match=rf"lacks {name.removesuffix('.gz')} \(with \.gz or"):
        load_idx(folder)


def test_images_in_the_place_of_labels(folder):
    (folder / TEST[1]).write_bytes((folder / TEST[0]).read_bytes())
    with pytest.raises(DataError, match=r"labels have shape \(12, 7, 9\)"):
        load_idx(folder)


def test_other_folders_are_not_of_idx_files(tmp_path):
    (tmp_path / "notes.txt").touch()
    assert not holds_idx(tmp_path)
    assert not holds_idx(tmp_path / "none")

import numpy as np
import pytest

from regard.datasets import image_store
from regard.datasets.image_store import room_for
from regard.errors import DataError


def test_few_images_lie_in_memory():
    assert type(room_for(3, (4, 5, 1))) is np.ndarray


def test_many_lie_on_disk_in_a_file_without_a_name(monkeypatch, tmp_path):
    monkeypatch.setattr(image_store, "IN_MEMORY", 3 * 20 - 1)
    monkeypatch.setattr(image_store.tempfile, "tempdir", str(tmp_path))
    images = room_for(3, (4, 5, 1))
    assert isinstance(images, np.memmap) and images.shape == (3, 4, 5, 1)
    images[:] = 7
    assert images.sum() == 7 * 60
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_before_any_work(monkeypatch):
    monkeypatch.setattr(image_store, "IN_MEMORY", 0)
    with pytest.raises(DataError, match=r"take 93132\d\.\d GiB, but .* free.*TMPDIR"):
        room_for(10**6, (10**4, 10**5, 1))

import numpy as np
import pytest

from regard.datasets import image_store
from regard.datasets.image_store import reorder, room_for
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


@pytest.mark.parametrize("in_memory", [0, 2**30], ids=["on disk", "in memory"])
@pytest.mark.parametrize("named", [0, 1, 5, 12])
def test_images_are_moved_to_the_front_in_any_order(monkeypatch, in_memory, named):
    monkeypatch.setattr(image_store, "IN_MEMORY", in_memory)
    rng = np.random.default_rng(named)
    for _ in range(20):
        images = room_for(12, (2, 3, 1))
        images[:] = rng.integers(0, 256, images.shape)
        before, order = images.copy(), rng.permutation(12)[:named]
        reorder(images, order)
        np.testing.assert_array_equal(images[:named], before[order])
        rest = np.setdiff1d(np.arange(12), order)
        assert sorted(map(bytes, images[named:])) == sorted(map(bytes, before[rest]))

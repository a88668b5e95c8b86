import dataclasses

import numpy as np

from regard.studies import shared
from regard.studies.shared import read_dataset, write_dataset


def test_a_data_set_comes_back(sample, tmp_path):
    dataset = dataclasses.replace(sample, validation=sample.test)
    write_dataset(tmp_path, dataset)
    again = read_dataset(tmp_path)
    for side in ("train", "validation", "test"):
        one, other = getattr(dataset, side), getattr(again, side)
        assert np.array_equal(one.images, other.images) and np.array_equal(one.labels, other.labels)
    assert not isinstance(again.train.images, np.memmap)
    assert (again.name, again.class_names) == (dataset.name, tuple(dataset.class_names))
    assert again.provenance == dataset.provenance


def test_many_images_stay_on_disk(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(shared, "IN_MEMORY", 1000)
    write_dataset(tmp_path, sample)
    again = read_dataset(tmp_path)
    assert isinstance(again.train.images, np.memmap)
    assert again.validation is None
    assert np.array_equal(again.train.images, sample.train.images)

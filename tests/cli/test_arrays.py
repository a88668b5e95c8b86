"""`regard train` on a `.npz` file and on a folder of IDX files (B16)."""

import shutil

import numpy as np
import pytest

from regard import datasets
from regard.datasets import fashion_mnist
from regard.training.run import read_config


@pytest.fixture
def arrays(tmp_path):
    """A file of 100 images of ten classes."""
    train = datasets.load("fashion-mnist-sample").train
    file = tmp_path / "clothes.npz"
    np.savez_compressed(file, images=train.images / 255, labels=train.labels)
    return file


def test_train_and_evaluate_a_npz_file(regard, arrays, tmp_path):
    outcome = regard("train", arrays, "--epochs", 1)
    assert outcome.code == 0
    assert "were float64, 0…1, and are rounded" in outcome.err
    config = read_config(tmp_path / "runs" / "clothes")
    assert config["recipe"]["network"] == "tutorial"
    assert config["data"]["class_names"] == [str(n) for n in range(10)]
    assert regard("evaluate", "runs/clothes").code == 0
    assert regard("evaluate", "runs/clothes", "--data", tmp_path).code == 0
    assert regard("train", "--resume", "runs/clothes").code == 0


def test_a_broken_npz_file_is_bad_data(regard, arrays, tmp_path):
    arrays.write_bytes(arrays.read_bytes()[:5000])
    outcome = regard("train", arrays)
    assert outcome.code == 3
    assert "clothes.npz: cut off, damaged or no .npz file" in outcome.err
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def idx_folder(tmp_path):
    """The sample's test part, to train on, in a folder named as another data set."""
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    for part in ("images-idx3", "labels-idx1"):
        source = fashion_mnist.SAMPLE / f"t10k-{part}-ubyte.gz"
        shutil.copy(source, folder / f"train-{part}-ubyte.gz")
    return folder


def test_train_and_evaluate_a_folder_of_idx_files(regard, idx_folder, tmp_path):
    assert regard("train", idx_folder, "--epochs", 1).code == 0
    config = read_config(tmp_path / "runs" / "fashion-mnist")
    assert config["data"]["class_names"] == [str(n) for n in range(10)]
    assert regard("evaluate", "runs/fashion-mnist").code == 0
    moved = idx_folder.rename(tmp_path / "moved")
    assert regard("evaluate", "runs/fashion-mnist", "--data", moved).code == 0
    assert regard("evaluate", "runs/fashion-mnist").code != 0

import gzip
import shutil

import numpy as np
import pytest

from regard.datasets import fashion_files, fashion_mnist
from regard.errors import DataError

pytestmark = pytest.mark.usefixtures("places")


def test_sample_is_balanced_and_says_so():
    sample = fashion_mnist.load_sample()
    assert np.bincount(sample.train.labels).tolist() == [600] * 10
    assert np.bincount(sample.test.labels).tolist() == [100] * 10
    assert len(np.unique(sample.train.labels[:100])) == 10
    assert sample.name == "fashion-mnist-sample"
    assert "sample of 6,000 + 1,000" in sample.provenance.notice
    assert "apt install dataset-fashion-mnist" in sample.provenance.notice


def test_order_of_the_places(whole, places, monkeypatch):
    def source(folder=None):
        return fashion_mnist.load(folder).provenance.source

    assert source() == str(fashion_mnist.SAMPLE)
    shutil.copytree(whole, fashion_mnist.SYSTEM)
    assert source() == str(fashion_mnist.SYSTEM)
    shutil.copytree(whole, fashion_mnist.CACHE)
    assert source() == str(fashion_mnist.CACHE)
    monkeypatch.setenv("REGARD_DATA", str(whole))
    assert source() == str(whole)
    shutil.copytree(whole, places / "argument")
    assert source(places / "argument") == str(places / "argument")


def test_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("REGARD_DATA", "")
    assert fashion_mnist.load().name == "fashion-mnist-sample"


@pytest.mark.parametrize("by_variable", [True, False])
def test_named_folder_without_the_files_is_an_error(whole, places, monkeypatch, by_variable):
    shutil.copytree(whole, fashion_mnist.CACHE)
    monkeypatch.setenv("REGARD_DATA", str(places / "none") if by_variable else "")
    with pytest.raises(DataError, match="lacks train-images-idx3-ubyte, train-labels"):
        fashion_mnist.load(None if by_variable else places / "none")


def test_folder_may_hold_the_sample():
    dataset = fashion_mnist.load(fashion_mnist.SAMPLE)
    assert dataset.provenance.notice == fashion_files.NOTICE


def test_download_goes_into_the_cache(whole, serve, dead, monkeypatch):
    address, asked = serve(whole)
    monkeypatch.setattr(fashion_mnist, "MIRRORS", (dead, address))
    for _ in range(2):
        dataset = fashion_mnist.load()
        assert dataset.name == "fashion-mnist"
        assert dataset.provenance.source == str(fashion_mnist.CACHE)
    assert len(asked) == 4


def test_only_missing_files_are_downloaded(whole, serve, monkeypatch):
    shutil.copytree(whole, fashion_mnist.CACHE)
    (fashion_mnist.CACHE / "t10k-labels-idx1-ubyte.gz").unlink()
    address, asked = serve(whole)
    monkeypatch.setattr(fashion_mnist, "MIRRORS", (address,))
    assert fashion_mnist.load().name == "fashion-mnist"
    assert asked == ["/t10k-labels-idx1-ubyte.gz"]


def test_failed_download_ends_at_the_sample_and_says_why(dead, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "MIRRORS", (dead,))
    notice = fashion_mnist.load().provenance.notice
    assert notice.startswith(fashion_files.NOTICE)
    assert "No mirror gave an unaltered train-images-idx3-ubyte.gz" in notice


@pytest.mark.parametrize("place", ["CACHE", "SYSTEM"])
@pytest.mark.parametrize("damage", ["altered", "cut"])
def test_damaged_file_is_never_used(whole, place, damage):
    folder = getattr(fashion_mnist, place)
    shutil.copytree(whole, folder)
    path = folder / "train-labels-idx1-ubyte.gz"
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[-1] ^= 1
    path.write_bytes(gzip.compress(raw) if damage == "altered" else path.read_bytes()[:-9])
    with pytest.raises(DataError, match=rf"{path.name}.*Delete it"):
        fashion_mnist.load()


def test_load_data_is_like_that_of_keras(whole, capsys):
    shutil.copytree(whole, fashion_mnist.CACHE)
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert (x_train.shape, y_train.shape) == ((20, 28, 28), (20,))
    assert (x_test.shape, y_test.shape) == ((10, 28, 28), (10,))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert capsys.readouterr() == ("", "")


def test_load_data_prints_the_notice(capsys):
    fashion_mnist.load_data()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("This is the sample")

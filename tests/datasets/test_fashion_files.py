import gzip
import shutil

import numpy as np
import pytest

from regard.datasets import fashion_files, fashion_mnist
from regard.errors import DataError


def test_whole(whole):
    dataset = fashion_files.read(whole)
    assert dataset.name == "fashion-mnist"
    assert dataset.provenance.notice == ""
    assert dataset.provenance.source == str(whole)
    assert dataset.provenance.sha256 == fashion_files.WHOLE_SHA256
    assert dataset.train.images.shape == (20, 28, 28)
    assert dataset.test.labels.dtype == np.int64
    assert dataset.class_names[9] == "Ankle boot"


def test_with_and_without_gz(whole):
    packed = whole / "t10k-labels-idx1-ubyte.gz"
    packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    assert len(fashion_files.read(whole).test) == 10


def test_altered_by_one_byte(whole):
    path = whole / "t10k-images-idx3-ubyte.gz"
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[-1] ^= 1
    path.write_bytes(gzip.compress(raw))
    with pytest.raises(DataError, match=rf"{path.name}.*not Fashion-MNIST.*Delete it"):
        fashion_files.read(whole)


def test_mixture_of_whole_and_sample(whole):
    shutil.copy(fashion_mnist.SAMPLE / "t10k-labels-idx1-ubyte.gz", whole)
    with pytest.raises(DataError, match="some of the sample"):
        fashion_files.read(whole)


def test_missing(whole):
    (whole / "t10k-labels-idx1-ubyte.gz").unlink()
    assert fashion_files.missing(whole) == ["t10k-labels-idx1-ubyte"]
    with pytest.raises(DataError, match="lacks t10k-labels-idx1-ubyte "):
        fashion_files.read(whole)


@pytest.mark.parametrize(("whole_too", "sample_too"), [(True, False), (False, True)])
def test_only_what_is_accepted(whole, whole_too, sample_too):
    folder = fashion_mnist.SAMPLE if whole_too else whole
    with pytest.raises(DataError, match="not Fashion-MNIST"):
        fashion_files.read(folder, whole_too, sample_too)

import gzip
import hashlib

import numpy as np
import pytest

from regard.datasets import idx
from regard.errors import DataError

RAW = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])


def write(tmp_path, content):
    path = tmp_path / "some-file.gz"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [RAW, gzip.compress(RAW, mtime=0)])
def test_packed_and_plain(tmp_path, content):
    array, sha256 = idx.read(write(tmp_path, content))
    np.testing.assert_array_equal(array, [[1, 2, 3], [4, 5, 6]])
    assert array.dtype == np.uint8
    assert array.flags.writeable
    assert sha256 == hashlib.sha256(RAW).hexdigest()


@pytest.mark.parametrize("content", [RAW, gzip.compress(RAW, mtime=0)])
def test_every_cut_is_a_data_error(tmp_path, content):
    for length in range(len(content)):
        with pytest.raises(DataError, match=r"some-file.gz.*Delete it and download it again"):
            idx.read(write(tmp_path, content[:length]))


def test_every_altered_byte_of_the_packed_content_is_a_data_error(tmp_path):
    packed = gzip.compress(RAW, mtime=0)
    for at in range(10, len(packed)):
        altered = bytearray(packed)
        altered[at] ^= 0x55
        with pytest.raises(DataError, match="some-file"):
            idx.read(write(tmp_path, altered))


@pytest.mark.parametrize(
    "content", [b"<html>", b"\0\0\x0d\1" + RAW[4:], b"\0\0\x08\0", RAW + b"\0", b"\0\0\x08\x04"]
)
def test_wrong_magic_or_length(tmp_path, content):
    with pytest.raises(DataError, match="some-file"):
        idx.read(write(tmp_path, content))


@pytest.mark.parametrize("content", [RAW, gzip.compress(RAW, mtime=0)])
def test_unpacking_is_bounded(tmp_path, content):
    assert idx.read(write(tmp_path, content), limit=len(RAW))[0].size == 6
    with pytest.raises(DataError, match="more than"):
        idx.read(write(tmp_path, content), limit=len(RAW) - 1)


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        idx.read(tmp_path / "none")

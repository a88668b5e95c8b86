import hashlib

import pytest

from regard.datasets import mirrors
from regard.errors import DataError

CONTENT = {"a.gz": b"a" * 1000, "b.gz": b"b" * 1000}
FILES = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def good(tmp_path):
    folder = tmp_path / "good"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder


def check(folder):
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT


def test_dead_mirror_is_passed_over(tmp_path, good, serve, dead):
    address, _ = serve(good)
    mirrors.fetch(FILES, [dead, address], tmp_path / "cache")
    check(tmp_path / "cache")


def test_mirror_that_failed_is_not_asked_again(tmp_path, good, serve):
    (tmp_path / "empty").mkdir()
    empty, asked = serve(tmp_path / "empty")
    address, _ = serve(good)
    mirrors.fetch(FILES, [empty, address], tmp_path / "cache")
    check(tmp_path / "cache")
    assert asked == ["/a.gz"]


def test_half_a_download_is_no_download(tmp_path, good, serve):
    half, asked = serve.half(good)
    address, _ = serve(good)
    mirrors.fetch(FILES, [half, address], tmp_path / "cache")
    check(tmp_path / "cache")
    assert asked == ["/a.gz"]


def test_altered_file_is_not_kept(tmp_path, good, serve):
    (good / "b.gz").write_bytes(b"c" * 1000)
    address, _ = serve(good)
    with pytest.raises(DataError, match=r"b\.gz"):
        mirrors.fetch(FILES, [address], tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["a.gz"]


def test_folder_that_cannot_be_written(tmp_path, good, serve):
    (tmp_path / "file").write_text("")
    address, _ = serve(good)
    with pytest.raises(DataError, match="cannot be written"):
        mirrors.fetch(FILES, [address], tmp_path / "file" / "cache")


def test_nothing_is_printed_without_a_terminal(tmp_path, good, serve, capsys):
    address, _ = serve(good)
    mirrors.fetch(FILES, [address], tmp_path / "cache")
    assert capsys.readouterr() == ("", "")

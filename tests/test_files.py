import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from regard.errors import DataError, RegardError, UsageError
from regard.files import alone_in, read_bounded, unused, whole_file, write_text

DEV_FULL = Path("/dev/full")


def fail(code):
    def raising(*_, **__):
        raise OSError(code, os.strerror(code))

    return raising


def test_text_round_trip_leaves_nothing_else(tmp_path):
    write_text(tmp_path / "a.txt", "żółć\n")
    assert (tmp_path / "a.txt").read_bytes() == "żółć\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_nothing_is_there_before_the_end(tmp_path):
    with whole_file(tmp_path / "a.keras") as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_bytes(b"half")
        assert not (tmp_path / "a.keras").exists()
        temporary.write_bytes(b"whole")
    assert (tmp_path / "a.keras").read_bytes() == b"whole"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_full_disk_keeps_the_old_file(tmp_path, monkeypatch, step):
    file = tmp_path / "a.txt"
    file.write_text("old")
    monkeypatch.setattr(os if step == "fsync" else Path, step, fail(errno.ENOSPC))
    with pytest.raises(RegardError, match=r"^The disk is full: .*a\.txt was not written\.") as full:
        write_text(file, "new")
    assert "\n" not in str(full.value)
    assert full.value.exit_code == 1
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(not DEV_FULL.exists(), reason="needs /dev/full")
def test_full_disk_in_the_middle_of_the_writing(tmp_path):
    with pytest.raises(RegardError, match="disk is full"), whole_file(tmp_path / "a") as temporary:
        temporary.write_bytes(b"half")
        DEV_FULL.write_bytes(b"the other half")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError(), OSError(errno.EIO, "io")])
def test_any_other_failure_passes_and_leaves_nothing(tmp_path, error):
    (tmp_path / "a").write_text("old")
    with pytest.raises(type(error)) as raised, whole_file(tmp_path / "a") as temporary:
        temporary.write_text("new")
        raise error
    assert raised.value is error
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_unused_counts_up(tmp_path):
    names = []
    for _ in range(3):
        path = unused(tmp_path / "maps.png")
        path.touch()
        names.append(path.name)
    assert names == ["maps.png", "maps-2.png", "maps-3.png"]
    (tmp_path / "maps-2.png").unlink()
    assert unused(tmp_path / "maps.png").name == "maps-2.png"


def test_reads_up_to_the_bound(tmp_path):
    (tmp_path / "a").write_bytes(b"1234")
    assert read_bounded(tmp_path / "a", 4) == b"1234"
    with pytest.raises(DataError, match=r"a is larger than 3 bytes"):
        read_bounded(tmp_path / "a", 3)


def test_a_file_that_grows_while_it_is_read_is_still_bounded():
    with pytest.raises(DataError, match=r"no plain file|larger than 10 bytes"):
        read_bounded(Path("/proc/self/status"), 10)


@pytest.mark.skipif(os.name == "nt", reason="no pipes as files")
def test_reads_plain_files_alone(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero", "."):
        with pytest.raises(DataError, match="is no plain file"):
            read_bounded(tmp_path / name, 10)
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_bounded(tmp_path / "none", 10)


def test_a_folder_is_for_one_process_at_a_time(tmp_path):
    with alone_in(tmp_path, "study"):
        for _ in range(2):
            with pytest.raises(UsageError, match="on the study"), alone_in(tmp_path, "study"):
                pass
    with alone_in(tmp_path, "study"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_leaves_its_folder_to_others(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from regard.files import alone_in\n"
        "with alone_in(Path(sys.argv[1]), 'study'): print('in', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "in\n"
        with pytest.raises(UsageError), alone_in(tmp_path, "study"):
            pass
        process.kill()
        process.wait()
    with alone_in(tmp_path, "study"):
        pass

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")

START = """
import os, pickle, socket, subprocess, sys
from pathlib import Path
from regard.models.foreign import limits
"""
TRY = """
try:
    {step}
except (OSError, MemoryError) as error:
    print(type(error).__name__, error)
else:
    print("done")
"""


def said(folder, limit, step):
    code = START + limit.format(folder=str(folder)) + TRY.format(step=step)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder.parent
    )
    return done.stdout.strip() or f"ended with {done.returncode}"


HARM = "limits.refuse_harm({folder!r})"


@pytest.mark.parametrize(
    "step",
    [
        "socket.socket()",
        "socket.getaddrinfo('localhost', 1)",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "pickle.loads(b'cos\\ngetcwd\\n(tR.')",
        "open('outside', 'w')",
        "open('inside/../outside', 'a')",
        "os.mkdir('outside')",
        "os.rename('inside/there', 'outside')",
        "os.remove('there')",
        "os.rename('there', 'inside/new')",
        "os.symlink('inside/there', 'outside')",
        "os.link('there', 'inside/new')",
        "os.chmod('there', 0o777)",
    ],
)
def test_harm_is_refused(tmp_path, step):
    folder = tmp_path / "inside"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "there").touch()
    assert said(folder, HARM, step).startswith("PermissionError refused: ")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["inside", "there", "there"]


@pytest.mark.parametrize("step", ["open('inside/new', 'w')", "open('there').read()", "import json"])
def test_the_rest_is_not(tmp_path, step):
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "there").touch()
    assert said(folder, HARM, step) == "done"


def test_memory_and_files_are_limited(tmp_path):
    limit = "limits.limit_memory_and_time(1 << 20)"
    assert said(tmp_path, limit, "bytearray(4 << 30)") == "done"
    assert said(tmp_path, limit, "bytearray(5 << 30)").startswith("MemoryError")
    file = str(tmp_path / "file")
    assert said(tmp_path, limit, f"open({file!r}, 'wb').write(bytes(1 << 20))") == "done"
    outcome = said(tmp_path, limit, f"open({file!r}, 'wb').write(bytes(2 << 20))")
    assert outcome.startswith("OSError [Errno 27]")


def test_time_is_limited(tmp_path):
    limit = "limits.CPU_SECONDS = 1; limits.limit_memory_and_time(1 << 20)"
    assert said(tmp_path, limit, "sum(range(10**12))") == "ended with -9"


def test_there_is_no_network(tmp_path):
    step = "socket.socket().connect(('127.0.0.1', 9))"
    assert said(tmp_path, "", step).startswith("ConnectionRefusedError")
    code = "print(limits.leave_network())"
    allowed, outcome = said(tmp_path, code, step).splitlines()
    if allowed == "False":
        pytest.skip("this system lets no process leave its network")
    assert outcome.startswith("OSError [Errno 101]")

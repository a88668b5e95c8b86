import subprocess
import sys
import time

import pytest

from regard.errors import RegardError
from regard.processes.process import Worker

ECHO = """
import sys, json
for line in sys.stdin:
    print(json.dumps({"heard": line.strip()}), flush=True)
"""
DIES = """
import sys
sys.stdin.readline()
print("first line", file=sys.stderr)
sys.exit("no memory left")
"""
CONVERSES = """
import os
from regard.processes.conversation import Conversation
conversation = Conversation()
print("a library's remark")
os.system("echo another")
conversation.await_round(lambda: 7.0)
conversation.answer(seconds=1.5)
conversation.hear()
"""


def python(code, name="this"):
    return Worker(name, [sys.executable, "-c", code])


def test_each_word_has_its_answer():
    with python(ECHO) as worker:
        assert worker.ask("one") == {"heard": "one"}
        assert worker.ask("two") == {"heard": "two"}
    assert worker._process.returncode == 0


def test_what_libraries_print_is_no_answer():
    with python(CONVERSES) as worker:
        assert worker.ask("peak") == {"multiply_adds_per_second": 7.0}
        assert worker.ask("round") == {"seconds": 1.5}


def test_a_death_is_told_with_the_last_lines():
    with python(DIES, "jax") as worker, pytest.raises(RegardError) as told:
        worker.ask("prove")
    assert "The process of jax died (exit status 1)" in str(told.value)
    assert str(told.value).endswith("first line\nno memory left")


def test_a_word_to_the_dead_is_an_error_too():
    with python("") as worker:
        worker._process.wait(30)
        with pytest.raises(RegardError, match=r"exit status 0.*\n\(nothing\)"):
            worker.ask("prove")


@pytest.mark.skipif(sys.platform == "win32", reason="signals have other numbers there")
def test_a_killed_worker_is_told():
    code = "import os, signal; input(); os.kill(os.getpid(), signal.SIGKILL)"
    with python(code) as worker, pytest.raises(RegardError, match="exit status -9"):
        worker.ask("prove")


def test_a_worker_that_hears_nothing_is_ended(monkeypatch):
    monkeypatch.setattr("regard.processes.process._SECONDS_TO_END", 0.5)
    start = time.monotonic()
    with python("import time; time.sleep(60)"):
        pass
    assert time.monotonic() - start < 30


def test_a_worker_ends_when_the_other_end_is_gone():
    done = subprocess.run(
        [sys.executable, "-m", "regard.benchmarking.worker", "stock", "none.npz", "1", "1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, b"")

"""Files made to do harm are refused in one line; a hook of Python watches that they do none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from regard import models
from regard.models import stored
from tests.models.hostile.case import Base
from tests.models.hostile.foreign import FOREIGN
from tests.models.hostile.runs import RUNS

HERE = Path(__file__).parent
CASES = {case.name: case for case in RUNS + FOREIGN}
HARM = {
    "harm: program": ("import os; os.system('true')", "os.system"),
    "harm: process": ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
    "harm: import": ("import hostile", "import hostile"),
    "harm: network": (
        "import socket; socket.socket().connect_ex(('127.0.0.1', 9))",
        "socket.connect",
    ),
    "harm: address": ("import socket; socket.getaddrinfo('localhost', 1)", "socket.getaddrinfo"),
    "harm: write": ("open('written', 'w')", "open "),
    "harm: folder": ("import os; os.mkdir('made')", "os.mkdir"),
    "harm: pickle": ("import pickle; pickle.loads(b'cos\\ngetcwd\\n(tR.')", "pickle.find_class"),
    "harm: marshal": ("import marshal; marshal.loads(marshal.dumps(1))", "marshal.loads"),
    "harm: code": ("eval('\"HOSTILE\"')", "compile"),
}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    (folder / "run").mkdir()
    stored.write(models.tutorial((12, 12, 1), 3), folder / "run", "tutorial")
    layers = [keras.layers.Conv2D(4, 3, name="conv2d"), keras.layers.Flatten()]
    dense = keras.layers.Dense(3, name="dense")
    keras.Sequential([keras.Input((8, 8, 1)), *layers, dense]).save(folder / "model.keras")
    return Base(folder / "run", folder / "model.keras")


def read(cases, folder, base):
    """Reads files in a process that is watched; returns what came of each by name."""
    places, made = folder / "cases", []
    (folder / "hostile.py").write_text("raise SystemExit('HOSTILE')")
    for number, case in enumerate(cases):
        (places / str(number)).mkdir(parents=True)
        path = case.make(places / str(number), base)
        made.append({"name": case.name, "how": f"read_{case.how}", "path": str(path)})
    made += [{"name": name, "how": "do", "path": code} for name, (code, _) in HARM.items()]
    (folder / "cases.json").write_text(json.dumps(made))
    path = os.pathsep.join([str(HERE / "hook"), *filter(None, sys.path[1:]), str(folder)])
    (folder / "cwd").mkdir()
    (folder / "cwd" / "keras.py").write_text("import hostile")  # as beside a downloaded model
    environment = os.environ | {"PYTHONPATH": path, "REGARD_WATCH": str(folder / "seen.log")}
    command = [sys.executable, HERE / "reader.py", folder / "cases.json", folder / "results.json"]
    before = listing(places)
    done = subprocess.run(
        command, env=environment, cwd=folder / "cwd", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert listing(places) == before
    return json.loads((folder / "results.json").read_text())


def listing(folder):
    return {p: p.lstat().st_mtime_ns for p in folder.rglob("*")}


@pytest.fixture(scope="module")
def results(base, tmp_path_factory):
    return read(CASES.values(), tmp_path_factory.mktemp("hostile"), base)


@pytest.mark.parametrize("name", CASES)
def test_is_refused_in_one_line_without_harm(results, name):
    found, case = results[name], CASES[name]
    assert found["seen"] == []
    if case.message is None:
        assert found["outcome"] == "loaded"
        return
    assert found["outcome"].startswith("DataError: ")
    assert case.message in found["outcome"]
    assert "\n" not in found["outcome"]
    assert len(found["outcome"]) < 600


@pytest.mark.parametrize("name", CASES)
def test_takes_little_memory_and_time(results, name):
    found = results[name]
    assert found["bytes"] < 300_000_000
    assert found["seconds"] < 10
    assert found["child_seconds"] < 350
    assert found["children_bytes"] < 6 << 30


@pytest.mark.parametrize("name", HARM)
def test_the_hook_sees_what_it_watches_for(results, name):
    assert any(HARM[name][1] in line for line in results[name]["seen"]), results[name]


def test_there_are_enough_and_each_is_another():
    assert len(CASES) == len(RUNS) + len(FOREIGN) >= 40

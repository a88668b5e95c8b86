"""Each layer gives the output, attention and gradient of public code, from stored numbers."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.layers.reference.compare import TOLERANCE, NoLayer, compare

FILES = sorted((Path(__file__).parents[1] / "data" / "reference").glob("*.npz"))
ROOT = Path(__file__).parents[2]


def cases():
    for path in FILES:
        with np.load(path) as file:
            count = len(json.loads(str(file["meta"]))["cases"])
        for number in range(count):
            yield pytest.param(path, number, id=f"{path.stem}-{number}")


@pytest.mark.parametrize(("path", "number"), list(cases()))
def test_equals_the_reference(path, number):
    (row,) = compare(path, cases=[number])
    for difference in (row.output, row.attention, row.gradient):
        assert difference is None or difference <= TOLERANCE["float32"]
    assert row.holds


def altered(path, folder, change):
    with np.load(path) as file:
        stored = dict(file)
    change(stored)
    np.savez(folder / path.name, **stored)
    return folder / path.name


@pytest.mark.parametrize("name", ["y", "dx", "attention/channel"])
def test_a_difference_is_seen(name, tmp_path):
    def change(stored):
        values = stored[f"case0/{name}"]
        values.flat[3] += 1e-4 * np.abs(values).max()

    (path,) = [path for path in FILES if path.stem == "squeeze_excitation"]
    assert not compare(altered(path, tmp_path, change))[0].holds


def test_a_file_without_a_layer_is_refused(tmp_path):
    def change(stored):
        meta = json.loads(str(stored["meta"])) | {"layer": "unheard_of"}
        stored["meta"] = np.array(json.dumps(meta))

    path = altered(FILES[0], tmp_path, change)
    with pytest.raises(NoLayer, match="unheard_of"):
        compare(path)
    command = [sys.executable, "-m", "tests.layers.reference", path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "unheard_of" in done.stdout

"""The tutorial and the README's code run as a newcomer would run them, on the sample."""

import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


def run(folder, *arguments):
    environment = os.environ | {"REGARD_DATA": str(files("regard") / "datasets" / "sample")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_tutorial_trains_and_draws_its_figures(tmp_path):
    done = run(tmp_path, ROOT / "examples" / "tutorial.py", "1")
    assert done.returncode == 0, done.stderr
    accuracy = float(re.search(r"test accuracy: (\S+)", done.stdout)[1])
    assert accuracy > 0.6
    for name in ("samples.png", "attention.png"):
        with Image.open(tmp_path / "figures" / name) as picture:
            assert min(picture.size) > 300
            assert len(picture.convert("L").getcolors()) > 50


@pytest.mark.parametrize("claim", ["(8, 144, 144)", "(8, 28, 28)"])
def test_readme_code_gives_what_it_says(claim, readme_output):
    assert claim in readme_output


@pytest.fixture(scope="module")
def readme_output(tmp_path_factory):
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    assert "epochs=10" in code
    code = code.replace("epochs=10", "epochs=1")
    code = re.sub(r"^maps(\S+)", r"print(maps\1.shape)", code, flags=re.MULTILINE)
    done = run(tmp_path_factory.mktemp("readme"), "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout

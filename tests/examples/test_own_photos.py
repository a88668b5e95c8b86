"""The example runs as a user would run it, on tiles of real photographs.

These are the brick wall, grass, gravel and cat of scikit-image, all of them CC0.
"""

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from PIL import Image

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_photos.py"
PHOTOGRAPHS = {"brick": "brick", "grass": "grass", "gravel": "gravel", "cat": "chelsea"}
TILES = 40
SIDE = 72  # pixels
TURNED = Image.Exif()
TURNED[0x0112] = 6


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Forty tiles of each photograph, every fourth with an orientation mark, and two bad files."""
    folder = tmp_path_factory.mktemp("own") / "my photos"
    for label, photograph in PHOTOGRAPHS.items():
        (folder / label).mkdir(parents=True)
        with Image.open(files("skimage") / "data" / f"{photograph}.png") as image:
            for number in range(TILES):
                mark = {"exif": TURNED} if number % 4 == 0 else {}
                tile(image, number).save(folder / label / f"{number}.jpg", quality=90, **mark)
    whole = (folder / "cat" / "1.jpg").read_bytes()
    (folder / "cat" / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / ".DS_Store").write_bytes(b"Bud1")
    return folder


def tile(image, number):
    """Cuts the tiles row by row, eight in each of five rows; they may overlap."""
    row, column = divmod(number, 8)
    left, top = column * (image.width - SIDE) // 7, row * (image.height - SIDE) // 4
    return image.crop((left, top, left + SIDE, top + SIDE))


@pytest.fixture(scope="module")
def output(photos):
    done = subprocess.run(
        [sys.executable, EXAMPLE, photos, "10", "24"],
        cwd=photos.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_broken_file_is_named_and_the_marks_are_counted(output):
    assert f"cat: {TILES} photos of {TILES + 1} files" in output
    assert f"brick: {TILES} photos of {TILES} files" in output
    assert re.search(r"problem: cat/half\.jpg: .*truncated", output)
    assert f"{len(PHOTOGRAPHS) * TILES // 4} with an orientation mark" in output
    assert "DS_Store" not in output


def test_it_learns_more_than_chance(output):
    accuracy = float(re.search(r"test accuracy (\S+)", output)[1])
    assert 0.5 < accuracy <= 1
    assert len(re.findall(r"\d+% of its test photos are recognised", output)) == len(PHOTOGRAPHS)


def test_one_photo_is_predicted_and_explained(photos, output):
    path, answer = re.search(r"prediction for (.+\.jpg): (\w+) \d+%", output).groups()
    assert Path(path).is_file()
    assert answer in PHOTOGRAPHS
    with Image.open(photos.parent / re.search(r"explanation: (.+\.png)", output)[1]) as picture:
        assert min(picture.size) > 100
        assert len(picture.convert("L").getcolors()) > 50


def test_the_run_is_kept_beside_the_photos_and_these_are_left_alone(photos, output):
    report = photos.parent / re.search(r"report: (.+)", output)[1]
    assert "my photos" in report.read_text()
    assert sum(1 for _ in photos.rglob("*.*")) == len(PHOTOGRAPHS) * TILES + 2

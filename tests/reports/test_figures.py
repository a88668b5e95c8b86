import numpy as np
import pytest

from regard.errors import DataError
from regard.reports import image_grid, overlays, save

IMAGES = np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8)


def test_grid_shows_each_title_literally():
    figure = image_grid(IMAGES, ["$a$ & $b$", "b", "c"], columns=2)
    assert [axes.get_title() for axes in figure.axes] == ["$a$ & $b$", "b", "c", ""]
    figure.canvas.draw()


@pytest.mark.parametrize("value", [0.0, 1 / 16])
def test_flat_maps_are_drawn_flat(value, tmp_path):
    figure = overlays(IMAGES, np.full((3, 4, 4), value), list("abc"))
    assert [axes.get_title() for axes in figure.axes[1:6:2]] == ["uniform"] * 3
    save(figure, tmp_path / "flat.png")


def test_colour_bar_spans_the_true_range():
    maps = np.stack([np.full((4, 4), 0.5), np.eye(4) / 4, np.eye(4)])
    figure = overlays(IMAGES, maps, list("abc"))
    assert [axes.get_title() for axes in figure.axes[1:6:2]] == ["uniform", "", ""]
    assert figure.axes[-1].get_ylim() == (0, 1)
    assert figure.axes[-1].get_ylabel() == "attention received"


def test_colour_images():
    overlays(np.zeros((1, 8, 8, 3), np.uint8), [np.eye(4)], ["a"]).canvas.draw()


def test_no_images():
    with pytest.raises(DataError, match="no image"):
        image_grid([], [])


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_save_replaces_and_leaves_nothing_else(tmp_path, name, start):
    path = tmp_path / name
    path.write_text("old")
    save(image_grid(IMAGES, list("abc")), path)
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_failed_save_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.nothing"
    path.write_text("old")
    with pytest.raises(ValueError):
        save(image_grid(IMAGES, list("abc")), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]

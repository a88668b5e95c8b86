import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from PIL import Image

from regard.errors import DataError
from regard.reports import image_grid, overlays, save
from regard.reports.figures import head_grid, map_grid

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


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def shown(axes):
    return axes.images[0].get_array()


def test_a_bar_has_the_range_of_its_maps_and_a_zero_where_they_are_signed():
    signed = overlays(IMAGES[:1], [np.array([[-0.5, 0.125]])], ["a"]).axes[-1]
    assert signed.get_ylim() == (-0.5, 0.125)
    assert ticks(signed.yaxis) == ["-0.5", "0", "0.125"]
    flat = overlays(IMAGES[:1], np.full((1, 2, 2), 0.25), ["a"]).axes[-1]
    assert ticks(flat.yaxis) == ["0.25"]


def test_each_column_of_a_grid_has_its_own_range():
    maps = {"gate": np.stack([np.eye(4), np.ones((4, 4))]), "method": [-7 * np.eye(8), np.eye(2)]}
    figure = map_grid(IMAGES[:2], maps, ["boot", "$shirt$"])
    titles = [axes.get_title() for axes in figure.axes[:6]]
    assert titles == ["boot", "gate", "method", "$shirt$", "uniform", ""]
    assert [ticks(bar.xaxis) for bar in figure.axes[6:]] == [["0", "1"], ["-7", "1"]]
    assert [bar.get_xlim() for bar in figure.axes[6:]] == [(0, 1), (-7, 1)]
    figure.canvas.draw()


def test_the_colours_of_a_column_do_not_depend_on_other_columns():
    alone = map_grid(IMAGES[:1], {"a": [np.eye(4)]}, ["x"]).axes[1]
    beside = map_grid(IMAGES[:1], {"b": [9 * np.eye(4)], "a": [np.eye(4)]}, ["x"]).axes[2]
    np.testing.assert_array_equal(shown(alone), shown(beside))


def test_heads_share_one_scale():
    figure = head_grid(np.zeros((8, 8), np.uint8), [np.eye(4), np.eye(4) / 2], ["one", "two"])
    one, two = (shown(axes) for axes in figure.axes[1:3])
    assert (one[0, 7] == two[0, 7]).all()
    assert (one[0, 0] != two[0, 0]).any()
    assert ticks(figure.axes[-1].yaxis) == ["0", "1"]


def test_many_heads_go_on_in_the_next_row():
    names = [f"head {number}" for number in range(7)]
    figure = head_grid(IMAGES[0], np.ones((7, 2, 2)), names)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:8] == ["image", *(f"{name}\nuniform" for name in names)]
    assert titles[8:] == ["", "", ""]


@pytest.mark.parametrize(
    ("maps", "found"), [({}, "no map"), ({"a": [np.eye(2)]}, "a has 1 maps for 2 images")]
)
def test_columns_that_do_not_fit(maps, found):
    with pytest.raises(DataError, match=found):
        map_grid(IMAGES[:2], maps, ["x", "y"])


def test_no_title_is_cut_off(tmp_path):
    maps = {"backbone/stage_2/block_4/attention/spatial" * 3: np.ones((1, 4, 4))}
    figure = map_grid(IMAGES[:1], maps, ["a"])
    save(figure, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        edges = np.asarray(picture.convert("L"))
    assert (edges[0] == 255).all()
    assert (edges[:, -1] == 255).all()


def test_no_wide_margin_is_saved(tmp_path):
    save(overlays(IMAGES[:1], [np.eye(4)], ["a"]), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        rows, columns = np.nonzero(np.asarray(picture.convert("L")) < 255)
        size = picture.size
    margins = [rows.min(), columns.min(), size[1] - rows.max(), size[0] - columns.max()]
    assert max(margins) < 15


def test_nothing_of_pyplot_is_used():
    code = (
        "import sys, numpy as np; from regard.reports.figures import head_grid, save;"
        "save(head_grid(np.zeros((8, 8), np.uint8), [np.eye(4)], ['a']), sys.argv[1]);"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    with TemporaryDirectory() as folder:
        run = [sys.executable, "-c", code, str(Path(folder, "a.pdf"))]
        assert subprocess.run(run, capture_output=True, text=True).stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")]
)
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

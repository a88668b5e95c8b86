"""The pages as a browser shows them, where there is one on this machine."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from regard.maps.geometry import Axis, Geometry
from regard.reports.animation import slider_page
from regard.reports.pictures import paint, shared_scale
from regard.reports.query_viewer import query_page

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here")

GEOMETRY = Geometry((Axis(3, 4.0, 3.5, 8.0), Axis(2, 6.0, 2.5, 8.0)))
IMAGE = np.zeros((14, 12, 3), np.uint8)


def attention():
    values = np.random.default_rng(1).random((2, 6, 6))
    values[:, 5] = 1 / 6 + 1e-6 * np.arange(6)
    return values / values.sum(axis=-1, keepdims=True)


def shown(page, folder, deeds):
    """Opens a page, does what the script says, and returns the elements as they are then."""
    (folder / "page.html").write_text(page.replace("</body>", f"<script>{deeds}</script></body>"))
    quiet = ("gpu", "quic", "background-networking", "component-update", "sync")
    run = [
        *(BROWSER, "--headless", "--no-sandbox", "--no-first-run"),
        *(f"--disable-{name}" for name in quiet),
        *(f"--user-data-dir={folder / 'profile'}", "--window-size=900,900"),
        *("--dump-dom", (folder / "page.html").as_uri()),
    ]
    return subprocess.run(run, capture_output=True, text=True, timeout=60, check=True).stdout


def text_of(page, name):
    return re.search(rf'id="{name}"[^>]*>([^<]*)<', page)[1]


def fills(page):
    cells = re.search(r'<g class="over".*?</g>', page)[0]
    return re.findall(r'fill="#(\w+)"', cells)


def key(panel, name):
    event = f"new KeyboardEvent('keydown', {{key: '{name}', cancelable: true}})"
    return f"document.getElementById('{panel}').dispatchEvent({event});"


def point(panel, row, column):
    """Moves the pointer to a place on the image."""
    return f"""{{
      const svg = document.querySelector("#{panel} svg");
      const at = new DOMPoint({column}, {row}).matrixTransform(svg.getScreenCTM());
      svg.dispatchEvent(new PointerEvent(
        "pointermove", {{clientX: at.x, clientY: at.y, bubbles: true}}));
    }}"""


def painted(values):
    scale, _ = shared_scale([values])
    return [bytes(color).hex() for color in paint(values[None], scale)[0]]


def test_keys_move_the_query(tmp_path):
    values = attention()
    page = query_page(IMAGE, values, GEOMETRY)
    deeds = key("from", "ArrowUp") + key("from", "ArrowLeft") + key("to", "ArrowRight")
    page = shown(page, tmp_path, deeds)
    mean = values.mean(axis=0)[0]
    assert fills(page) == painted(mean)
    assert text_of(page, "told").startswith("The pixel at row 0, column 0 attends most to row ")
    assert text_of(page, "value") == f"Row 0, column 1 gets {mean[1]:.3g}."
    assert [text_of(page, name) for name in ("low", "high")] == [
        f"{mean.min():.3g}",
        f"{mean.max():.3g}",
    ]


def test_pointer_moves_the_query_of_the_chosen_head(tmp_path):
    values = attention()
    choose = "const head = document.getElementById('head'); head.value = 1; "
    choose += "head.dispatchEvent(new Event('change'));"
    deeds = choose + point("from", 8.9, 6.0) + point("to", 13, 0)
    page = shown(query_page(IMAGE, values, GEOMETRY), tmp_path, deeds)
    assert fills(page) == painted(values[1, 3])
    assert text_of(page, "told").startswith("The pixel at row 1, column 1 ")
    assert text_of(page, "value") == f"Row 2, column 0 gets {values[1, 3, 4]:.3g}."
    query = re.search(r'<g id="query">(.*?)</g>', page)[1]
    assert 'class="edge field dark" x="4.5" y="3.5" width="7" height="8"' in query
    assert 'class="edge  dark" x="5.5" y="5.5" width="6" height="4"' in query


def test_uniform_query_is_told_and_drawn_flat(tmp_path):
    page = shown(query_page(IMAGE, attention(), GEOMETRY), tmp_path, point("from", 13, 11))
    assert len(set(fills(page))) == 1
    assert "uniform, 0.167 each" in text_of(page, "told")


def test_values_near_to_each_other_are_told_apart(tmp_path):
    values = np.full((6, 6), 1 / 6)
    values[3, 0] += 0.0002
    values[3, 1] -= 0.0002
    page = shown(query_page(IMAGE, values, GEOMETRY), tmp_path, key("to", "ArrowUp"))
    assert [text_of(page, name) for name in ("low", "high")] == ["0.16647", "0.16687"]


def test_slider_shows_the_chosen_epoch(tmp_path):
    frames = [(f"epoch {n}", np.eye(4)[None] * n) for n in (0, 1, 2)]
    page = slider_page(IMAGE[None], frames)
    address = re.search(r'"maps":\[.*?\],\["([^"]*)"\],\[', page)[1]
    deeds = "slider.value = 1; slider.dispatchEvent(new Event('input'));"
    page = shown(page, tmp_path, deeds)
    assert text_of(page, "label") == "epoch 1"
    assert f'src="{address}"' in page

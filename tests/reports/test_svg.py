import re

from regard.reports import curves
from regard.reports.svg import inline


def draw():
    return curves([{"epoch": 1, "loss": 0.5, "val_loss": 0.6}], 1, ["loss"])


def test_follows_the_theme_and_loads_nothing():
    text = inline(draw, "a", "Loss & more")
    assert text.startswith('<svg role="img" aria-label="Loss &amp; more" viewBox=')
    assert "currentColor" in text
    assert ">training</text>" in text
    assert "http" not in text
    assert "#010203" not in text


def test_same_figure_same_text():
    assert inline(draw, "a", "") == inline(draw, "a", "")


def test_ids_are_apart_and_references_meet_them():
    ids = {name: set(re.findall(r'\bid="([^"]*)"', inline(draw, name, ""))) for name in "ab"}
    used = re.findall(r'(?:url\(|href=")#([^")]*)', inline(draw, "a", ""))
    assert used
    assert set(used) <= ids["a"]
    assert not ids["a"] & ids["b"]

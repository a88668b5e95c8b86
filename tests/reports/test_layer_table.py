import re
from pathlib import Path

import pytest

from regard.errors import UsageError
from regard.layers.registry import LAYERS
from regard.reports.layer_table import layer_rows

PAGE = Path(__file__).parents[2] / "docs" / "layers.md"


def test_figures_of_squeeze_excitation():
    row = layer_rows(["squeeze_excitation"])[0]
    assert (row.parameters, row.multiply_adds) == (64 * 4 + 4 + 4 * 64 + 64, 2 * 64 * 4)
    assert (row.paper, row.kind, row.axes) == ("1709.01507", "gate", "batch, channel")
    assert row.ranks == (3, 4, 5)


def test_figures_of_attention_over_pixels():
    row = layer_rows(["pixel"])[0]
    pixels = 56 * 56
    projections = pixels * 64 * (8 + 8 + 64)
    assert row.multiply_adds == projections + pixels * pixels * (8 + 64)
    assert row.parameters == 2 * (64 * 8 + 8) + 64 * 64 + 64 + 1


def test_an_unknown_layer_gets_the_nearest():
    with pytest.raises(UsageError, match="squeeze_excitation"):
        layer_rows(["squeeze_excitatoin"])


def test_the_page_lists_every_layer():
    names = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert names == list(LAYERS)

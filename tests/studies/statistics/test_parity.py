"""Against R, rpact, coin, boot, statsmodels and rliable, as recorded."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def load_tool():
    path = ROOT / "tools" / "compare_statistics.py"
    spec = importlib.util.spec_from_file_location("compare_statistics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = load_tool()
AT_MOST = {
    "bca": 0.1,
    "power": 1e-10,
    "power_statsmodels": 1e-6,
    "spending": 2e-8,
    "looks": 1e-5,
}


@pytest.mark.parametrize("compared", TOOL.COMPARED, ids=lambda compared: compared[1])
def test_equals_the_reference(compared):
    assert TOOL.largest(compared) <= AT_MOST.get(compared[1], 1e-12)


def test_every_record_is_compared():
    recorded = {path.stem for path in TOOL.RECORDED.glob("*.json")}
    assert recorded == {name for _, name, _, _ in TOOL.COMPARED}


def test_both_answers_on_equivalence_are_among_the_records():
    answers = {case["p"] < 0.025 for case in TOOL.cases_of("equivalence")}
    assert answers == {True, False}


def test_the_page_has_the_table():
    page = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    assert TOOL.table() in page

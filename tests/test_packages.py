"""The lowest versions that may be installed are those without the holes that we know of."""

import importlib.util
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SAFE_FROM = {
    "keras": (3, 15, 1),  # holes in loading below
    "onnx": (1, 21),
    "pillow": (12, 2),  # a hole in decompression below
}


def requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    return project["dependencies"] + [name for extra in extras for name in extra]


@pytest.mark.parametrize("name", SAFE_FROM)
def test_lower_bound(name):
    bounds = [r.split(">=")[1] for r in requirements() if r.split(">=")[0] == name]
    assert bounds
    for bound in bounds:
        assert tuple(map(int, bound.split("."))) >= SAFE_FROM[name]


def test_every_package_has_a_lower_bound():
    assert [r for r in requirements() if ">=" not in r and "==" not in r] == []


@pytest.fixture
def said():
    """What `tools/audit_packages.py` says of what pip-audit found."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / "tools" / "audit_packages.py")
    audit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(audit)
    return audit.lines


@pytest.mark.parametrize(
    ("packages", "line", "code"),
    [
        (None, "pip-audit: its service gives no answer here; no package was audited", 0),
        ([{"name": "a", "skip_reason": "?"}], "pip-audit: its service knows none of the 1", 0),
        ([{"name": "a", "version": "1", "vulns": []}], "pip-audit: 1 packages audited, 0", 0),
        (
            [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}],
            "a 1: CVE-1, repaired in 2",
            1,
        ),
    ],
)
def test_a_hole_fails_and_what_was_not_looked_up_is_said(said, packages, line, code):
    found, exit_code = said(packages)
    assert found[0].startswith(line)
    assert exit_code == code

import json
import subprocess
import sys

import pytest

from regard import backend
from regard.benchmarking import contenders, store


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "FOLDER", tmp_path / "kept")
    return store.FOLDER


@pytest.fixture
def only_keras(monkeypatch):
    """Leaves the hand-written contenders out; they have tests of their own."""
    monkeypatch.setattr(contenders, "present", lambda: ["stock", "regard"])


def test_bench_measures_and_keeps(regard, folder, only_keras):
    outcome = regard("bench", "--pairs", 1, "--steps", 2, "--json")
    assert outcome.code == 0, outcome.err
    (result,) = json.loads(outcome.out)
    assert result["backend"] == backend.choose()
    assert set(result["contenders"]) == {"stock", "regard"}
    assert set(result["left_out"]) == {"pytorch", "pytorch-plain", "jax"}
    for times in result["contenders"].values():
        assert len(times["round_seconds"]) == 1
        assert times["round_seconds"][0] > 0
    assert result["losses"]["differences"]["regard"]["first"]["difference"] <= 1e-4
    assert result["losses"]["steps"] == 2
    assert 0 < result["peak"]["share"]["regard"]["median"] < 1
    (kept,) = folder.iterdir()
    assert json.loads(kept.read_text()) == result
    assert str(kept) in outcome.err


def measured(backend, stock):
    spread = {"median": stock, "low": stock, "high": stock}
    least, most = ({"difference": number, "step": 3} for number in (1e-6, 2e-5))
    times = {"compile_seconds": 1.0, "milliseconds_per_step": spread, "about": "so"}
    return {
        "date": f"2026-01-0{stock}T00:00:00+00:00",
        "machine": {"cpu": "this", "cores": 2, "system": "Linux"},
        "load": {"before": 0.1, "after": 0.2},
        "versions": {"regard": "0.1.0"},
        "backend": backend,
        "batch_size": 64,
        "steps": 30,
        "contenders": {"stock": times},
        "left_out": {"jax": "jax"},
        "ratios": {"stock": spread | {"pairs": [stock]}},
        "losses": {
            "decisive_steps": 10,
            "steps": 30,
            "differences": {"regard": {"first": least, "all": most}},
        },
        "peak": {
            "multiply_adds_per_step": 9e8,
            "multiply_adds_per_second": [5e10],
            "share": {"stock": {"median": 0.3, "low": 0.2, "high": 0.4}},
        },
    }


def test_ratios_come_first_and_an_earlier_run_is_compared(regard, monkeypatch):
    store.keep(measured(backend.choose(), 2))
    monkeypatch.setattr("regard.benchmarking.compare", lambda name, *_: measured(name, 3))
    outcome = regard("bench")
    assert outcome.code == 0, outcome.err
    first, second = outcome.out.splitlines()[:2]
    assert first.split() == ["stock", "÷", "regard", "3.00", "(10-90", "%:", "3.00-3.00)"]
    assert second == "stock ÷ regard was 2.00 on 2026-01-02 with regard 0.1.0: +50% since"
    for part in (
        "regard 1.0e-06 (2.0e-05)",
        "left out: jax",
        "30% (10-90 %: 20%-40%) of the peak",
        "this, 2 cores",
    ):
        assert part in outcome.out


def test_a_backend_that_is_not_here_is_refused(regard, monkeypatch, folder):
    monkeypatch.setattr(backend, "installed", lambda: ["jax"])
    outcome = regard("bench", "--backend", "torch", "jax")
    assert outcome.code == 2
    assert "Not installed: torch. Here: jax." in outcome.err
    assert not folder.exists()


def test_a_dead_worker_is_one_error(regard, monkeypatch, folder):
    monkeypatch.setattr(contenders, "present", lambda: ["stock", "regard"])
    dies = [sys.executable, "-c", "import sys; input(); sys.exit('no room')"]
    monkeypatch.setattr(contenders, "command", lambda *_: dies)
    outcome = regard("bench")
    assert outcome.code == 1
    assert "The process of stock died (exit status 1). Its last lines:\nno room" in outcome.err
    assert not folder.exists()


def test_the_command_line_loads_no_keras():
    code = """
import sys
from regard.cli.bench import bench
from regard.benchmarking import compare, store, text
print({"keras", "tensorflow", "jax", "torch"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

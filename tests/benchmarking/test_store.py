import json

import pytest

from regard.benchmarking import store

HERE = {"cpu": "this", "cores": 2}


def result(date, machine=HERE, backend="jax", steps=30):
    return {"date": date, "machine": machine, "backend": backend, "steps": steps}


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "FOLDER", tmp_path / "benchmarks")
    return store.FOLDER


def test_nothing_is_overwritten(folder):
    first = store.keep(result("2026-01-02T03:04:05+00:00"))
    text = first.read_bytes()
    second = store.keep(result("2026-01-02T03:04:05+00:00") | {"more": 1})
    assert first != second
    assert first.read_bytes() == text
    assert json.loads(second.read_text())["more"] == 1


def test_the_last_of_this_machine_backend_and_steps_is_found(folder):
    assert store.latest(HERE, "jax", 30) is None
    store.keep(result("2026-01-02T00:00:00+00:00"))
    store.keep(result("2026-01-03T00:00:00+00:00"))
    store.keep(result("2026-01-04T00:00:00+00:00", {"cpu": "another", "cores": 2}))
    store.keep(result("2026-01-05T00:00:00+00:00", backend="torch"))
    store.keep(result("2026-01-06T00:00:00+00:00", steps=2))
    (folder / "training-step-jax-damaged.json").write_text("{")
    assert store.latest(HERE, "jax", 30)["date"].startswith("2026-01-03")

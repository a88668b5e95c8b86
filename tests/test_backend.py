import os
import sys
import types

import pytest

from regard import backend


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """As in a process that has chosen no backend and loaded no Keras."""
    monkeypatch.setenv("KERAS_BACKEND", "")  # so that the old value comes back at the end
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(backend, "ACCELERATOR", tmp_path / "no-accelerator")
    return tmp_path


def pretend_installed(monkeypatch, *names):
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda name: name in names or None)


def test_the_variable_wins(fresh, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pretend_installed(monkeypatch, "tensorflow", "jax")
    assert backend.choose() == "torch"
    assert os.environ["KERAS_BACKEND"] == "torch"


def test_a_loaded_keras_wins_over_what_is_installed(fresh, monkeypatch):
    keras = types.SimpleNamespace(config=types.SimpleNamespace(backend=lambda: "jax"))
    monkeypatch.setitem(sys.modules, "keras", keras)
    pretend_installed(monkeypatch, "tensorflow")
    assert backend.choose() == "jax"
    assert "KERAS_BACKEND" not in os.environ


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("torch", "jax", "tensorflow"), "tensorflow"),
        (("torch", "jax"), "jax"),
        (("torch",), "torch"),
    ],
)
def test_the_best_installed_one_is_chosen(fresh, monkeypatch, names, chosen):
    pretend_installed(monkeypatch, *names)
    assert backend.choose() == chosen
    assert os.environ["KERAS_BACKEND"] == chosen


def test_an_accelerator_prefers_jax(fresh, monkeypatch):
    monkeypatch.setattr(backend, "ACCELERATOR", fresh)
    pretend_installed(monkeypatch, "torch", "jax", "tensorflow")
    assert backend.installed() == ["jax", "tensorflow", "torch"]
    assert backend.choose() == "jax"


def test_the_file_that_keras_writes_by_itself_does_not_choose(fresh, monkeypatch):
    (fresh / "keras.json").write_text('{"backend": "tensorflow"}')
    pretend_installed(monkeypatch, "torch")
    assert backend.choose() == "torch"


def test_nothing_installed_chooses_nothing(fresh, monkeypatch):
    pretend_installed(monkeypatch)
    assert backend.choose() is None
    assert "KERAS_BACKEND" not in os.environ

import importlib.util
import subprocess
import sys

import pytest

from regard.benchmarking import contenders

SHOW = """
import os, sys, importlib.util
sys.meta_path.insert(0, type("Watch", (), {"find_spec": staticmethod(
    lambda name, path=None, target=None: print(name, os.environ.get("TF_ENABLE_ONEDNN_OPTS"))
    if name in ("tensorflow", "regard") else None)}))
"""


def test_stock_meets_tensorflow_without_the_settings_of_regard(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    assert "TF_ENABLE_ONEDNN_OPTS" not in contenders.environment("stock", "tensorflow")
    assert contenders.environment("regard", "tensorflow")["TF_ENABLE_ONEDNN_OPTS"] == "1"


@pytest.mark.skipif(not importlib.util.find_spec("tensorflow"), reason="needs TensorFlow")
def test_stock_imports_tensorflow_before_regard():
    _, option, code, *arguments = contenders.command("stock", "none.npz", 1, 1)
    done = subprocess.run(
        [sys.executable, option, SHOW + code, *arguments],
        env=contenders.environment("stock", "tensorflow"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    met = list(dict.fromkeys(line.strip() for line in done.stdout.splitlines()))
    assert met[0] == "tensorflow None"
    assert "regard None" in met


def test_who_is_missing_is_named_with_the_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name != "torch")
    assert contenders.present() == ["stock", "regard", "jax"]
    assert contenders.left_out() == {"pytorch": "torch", "pytorch-plain": "torch"}

import re
import subprocess
import sys

import pytest

from regard import __version__, datasets
from regard.cli.app import VERBS, main


def plain(text):
    """Takes the box and the line ends out of a usage error."""
    return " ".join(re.sub(r"[╭╮╰╯│─]", " ", text).split())


def test_help_names_all_verbs_and_exit_codes(regard):
    outcome = regard("--help")
    assert outcome.code == 0
    for verb in VERBS:
        assert re.search(rf"^│ {verb} ", outcome.out, re.MULTILINE)
    assert "0 done, 1 failed, 2 usage, 3 bad data" in plain(outcome.out)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(regard, verb):
    outcome = regard(verb, "--help")
    assert outcome.code == 0
    assert f"regard {verb}" in outcome.out
    assert "--json" in outcome.out
    assert outcome.err == ""


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["trian"], 'Did you mean "train"?'),
        (["train", "--epocs", "3"], "Did you mean --epochs?"),
        (["train", "--epochs", "three"], '"three"'),
        (["train", "fashion-mnst"], "Nearest: fashion-mnist"),
        (["data", "fashion-mnst"], "Nearest: fashion-mnist"),
        (["train", "fashion-mnist-sample", "--epochs", "0"], "epochs: "),
        (["train", "--config", "none.toml"], "none.toml"),
        (["train", "--data", "none"], "none"),
        (["evaluate"], "RUN"),
        (["predict", "run"], "IMAGES"),
        (["explain", "run", "--projection", "recieved"], "received"),
    ],
)
def test_usage_errors(regard, tmp_path, arguments, suggestion):
    outcome = regard(*arguments)
    assert outcome.code == 2
    assert suggestion in plain(outcome.err)
    assert outcome.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [["evaluate", "no"], ["predict", "no", "a.png"], ["explain", "no"]]
)
def test_bad_data_is_one_line(regard, arguments):
    outcome = regard(*arguments)
    assert outcome.code == 3
    assert re.fullmatch(r"regard: no is no run folder.*`regard train` makes one\.\n", outcome.err)


def raising(error):
    def load(*_):
        raise error

    return load


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError("odd"), "regard: OSError: odd (--debug shows where)\n"),
        (KeyboardInterrupt(), "regard: Stopped.\n"),
    ],
)
def test_any_other_failure_is_one_line(regard, monkeypatch, error, line):
    monkeypatch.setattr(datasets, "load", raising(error))
    outcome = regard("data")
    assert (outcome.code, outcome.err) == (1, line)


def test_debug_lets_the_error_out(monkeypatch):
    monkeypatch.setattr(datasets, "load", raising(OSError("odd")))
    with pytest.raises(OSError, match="odd"):
        main(["data", "--debug"])


def test_debug_shows_a_traceback():
    command = [sys.executable, "-m", "regard", "data", "fashion-mnst", "--debug"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "Traceback" in done.stderr
    assert "Nearest: fashion-mnist" in done.stderr


def test_version_of_the_module():
    command = [sys.executable, "-m", "regard", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == __version__


def test_no_keras_for_help_and_for_errors(tmp_path):
    code = """
import sys
from regard.cli.app import main
for words in (["--help"], ["train", "--help"], ["train", "x"], ["evaluate", "no"], ["data", "x"],
              ["predict", "no", "a.png"], ["explain", "no"]):
    try:
        main(words)
    except SystemExit:
        print("loaded:", {"keras", "tensorflow", "jax", "torch", "matplotlib"} & set(sys.modules))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True
    )
    assert done.stdout.count("loaded: set()\n") == 7

import json
import os
import re
import signal
import subprocess
import sys
import tomllib

import pytest

import regard as library
from regard.datasets import fashion_mnist
from regard.models.stored import read_description
from regard.training.run import read_metrics

FILES = {
    "config.toml",
    "environment.json",
    "metrics.csv",
    "checkpoints",
    "model.json",
    "model.keras",
    "report.html",
    "README.md",
    "evaluation.json",
}
QUICK = ("--epochs", 1, "--batch-size", 64)


def contents(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_run_folder(training):
    folder, outcome = training
    assert outcome.code == 0
    assert [path.name for path in (folder / "runs").iterdir()] == ["fashion-mnist-sample"]
    run = folder / "runs" / "fashion-mnist-sample"
    assert {path.name for path in run.iterdir()} == FILES | {read_description(run).file}
    accuracy = json.loads((run / "evaluation.json").read_text())["accuracy"]
    assert f"test accuracy {accuracy:.4f}" in outcome.out
    assert "runs/fashion-mnist-sample/report.html" in outcome.out.replace(os.sep, "/")


def test_progress_and_notice_go_to_stderr(training):
    _, outcome = training
    assert re.search(r"^epoch 1/1 .*validation loss", outcome.err, re.MULTILINE)
    assert "This is the sample of 6,000 + 1,000" in outcome.err
    assert "epoch 1/1" not in outcome.out


@pytest.mark.parametrize("name", ["report.html", "README.md"])
def test_report_and_card_say_that_it_is_the_sample(training, name):
    text = (training[0] / "runs" / "fashion-mnist-sample" / name).read_text(encoding="utf-8")
    assert "This is the sample of 6,000 + 1,000 images" in text


def test_options_win_over_the_config(regard, run, tmp_path):
    (tmp_path / "my.toml").write_text(
        'dataset = "fashion-mnist-sample"\nepochs = 7\nbatch_size = 50\n'
    )
    outcome = regard("train", "--config", "my.toml", "--epochs", 1, "--name", "mine", "--json")
    assert outcome.code == 0
    result = json.loads(outcome.out)
    assert result["run"].replace(os.sep, "/") == "runs/mine"
    stored = json.loads((tmp_path / "runs" / "mine" / "evaluation.json").read_text())
    assert result["test"] == stored
    recipe = tomllib.loads((tmp_path / "runs" / "mine" / "config.toml").read_text())["recipe"]
    assert (recipe["epochs"], recipe["batch_size"]) == (1, 50)


def test_second_run_leaves_the_first_alone(regard, run, tmp_path):
    first = tmp_path / "runs" / "fashion-mnist-sample"
    first.parent.mkdir()
    run.rename(first)
    before = contents(first)
    outcome = regard("train", "fashion-mnist-sample", *QUICK)
    assert outcome.code == 0
    assert {path.name for path in first.parent.iterdir()} == {first.name, f"{first.name}-2"}
    assert contents(first) == before


@pytest.mark.parametrize(
    ("name", "message"), [("run", "never overwritten"), ("../run", "plain folder name")]
)
def test_name_in_use(regard, run, tmp_path, name, message):
    before = contents(tmp_path)
    outcome = regard("train", "fashion-mnist-sample", *QUICK, "--runs", ".", "--name", name)
    assert outcome.code == 2
    assert message in outcome.err
    assert contents(tmp_path) == before


def test_folder_by_variable(regard, monkeypatch):
    monkeypatch.setenv("REGARD_DATA", str(fashion_mnist.SAMPLE / "none"))
    outcome = regard("train")
    assert outcome.code == 3
    assert "lacks train-images-idx3-ubyte" in outcome.err


def test_config_with_an_unknown_setting(regard, tmp_path):
    (tmp_path / "my.toml").write_text("epoch = 7\n")
    outcome = regard("train", "--config", "my.toml")
    assert (outcome.code, outcome.err) == (
        2,
        "regard: There is no setting 'epoch'. Nearest: epochs.\n",
    )


def test_full_disk_is_one_line(regard, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    outcome = regard("train", "fashion-mnist-sample", *QUICK)
    assert outcome.code == 1
    assert re.fullmatch(r"regard: The disk is full: .*", outcome.err.splitlines()[-1])


def started(folder):
    """Starts a training that heeds SIGINT, even where this process ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    command = [sys.executable, "-m", "regard", "train", "fashion-mnist-sample"]
    try:
        return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_keeps_what_was_trained_and_says_how_to_go_on(tmp_path):
    with started(tmp_path) as process:
        try:
            for line in process.stderr:
                if line.startswith("epoch 1/"):
                    process.send_signal(signal.SIGINT)
                    break
            rest = process.stderr.read()
            code = process.wait(timeout=60)
        finally:
            process.kill()
    assert code == 1
    assert "Traceback" not in rest
    assert rest.splitlines()[-1].endswith("regard train --resume runs/fashion-mnist-sample")
    run = tmp_path / "runs" / "fashion-mnist-sample"
    assert library.load(run).count_params() > 0
    command = [sys.executable, "-m", "regard", "train", "--resume", str(run)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert [row["epoch"] for row in read_metrics(run)] == list(range(1, 11))
    assert (run / "report.html").exists()


def test_a_finished_run_is_gone_on_with_only_by_force(regard, run):
    outcome = regard("train", "--resume", run, "--epochs", 2)
    assert outcome.code == 2
    assert re.search(r"epochs was 1 and is 2: .* --force", outcome.err)
    outcome = regard("train", "--resume", run, "--epochs", 2, "--force", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["run"] == str(run)
    assert [row["epoch"] for row in read_metrics(run)] == [1, 2]


@pytest.mark.parametrize("option", ["--name", "--recipe"])
def test_options_that_do_not_go_with_resume(regard, run, option):
    outcome = regard("train", "--resume", run, option, "fast")
    assert outcome.code == 2
    assert f"{option} does not go with --resume" in outcome.err


def test_strict_and_force_without_effect_are_refused(regard, run):
    outcome = regard("train", "--resume", run, "--strict")
    assert (outcome.code, "--strict does not go with --resume" in outcome.err) == (2, True)
    outcome = regard("train", "fashion-mnist-sample", "--force")
    assert (outcome.code, "--force is for --resume RUN" in outcome.err) == (2, True)


def test_resume_of_a_folder_that_is_no_run(regard, tmp_path):
    outcome = regard("train", "--resume", tmp_path)
    assert outcome.code == 3
    assert "no run folder" in outcome.err

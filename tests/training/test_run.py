import dataclasses
import json
import os

import pytest

from regard.errors import DataError, RegardError, UsageError
from regard.training import Recipe
from regard.training.run import (
    environment,
    new_run_folder,
    read_config,
    read_metrics,
    write_config,
    write_metrics,
)

ROW = {"loss": 0.1 + 0.2, "accuracy": 1 / 3, "val_loss": 1e-17, "val_accuracy": 1.0}


def test_names_count_up(tmp_path):
    names = [new_run_folder(tmp_path / "runs", "photos").name for _ in range(3)]
    assert names == ["photos", "photos-2", "photos-3"]
    assert (tmp_path / "runs" / "photos-3" / "checkpoints").is_dir()


def test_name_in_use_is_left_alone(tmp_path):
    folder = new_run_folder(tmp_path, "photos", "mine")
    (folder / "model.keras").write_text("kept")
    with pytest.raises(UsageError, match="mine exists and is never overwritten"):
        new_run_folder(tmp_path, "photos", "mine")
    assert (folder / "model.keras").read_text() == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "/a", "a/", ".hidden"])
def test_name_must_be_plain(tmp_path, name):
    with pytest.raises(UsageError, match="plain folder name"):
        new_run_folder(tmp_path / "runs", "photos", name)
    assert list(tmp_path.iterdir()) == []


def test_root_that_is_a_file(tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(UsageError, match="cannot be made"):
        new_run_folder(tmp_path / "runs", "photos")


def test_config_round_trip(tmp_path, small):
    names = (
        '"quoted"',
        "T-shirt/top",
        "żółć 🧥",
        "back\\slash",
        "two\nlines",
        "x",
        "",
        "1",
        "=",
        "[a]",
    )
    dataset = dataclasses.replace(small, class_names=names)
    recipe = Recipe(epochs=3, learning_rate=3e-4)
    write_config(tmp_path, recipe, dataset)
    config = read_config(tmp_path)
    assert Recipe(**config["recipe"]) == recipe
    assert tuple(config["data"]["class_names"]) == names
    assert config["data"]["sha256"] == small.provenance.sha256
    assert config["data"]["name"] == "fashion-mnist-sample"
    assert config["data"]["notice"] == small.provenance.notice


def test_environment_is_written(tmp_path, small):
    write_config(tmp_path, Recipe(), small)
    found = json.loads((tmp_path / "environment.json").read_text(encoding="utf-8"))
    assert found == environment()
    assert {"regard", "keras", "numpy"} < set(found["packages"])
    assert found["backend"] in found["packages"]
    assert found["cores"] == os.cpu_count()


def test_no_run(tmp_path):
    with pytest.raises(DataError, match="is no run folder"):
        read_config(tmp_path / "none")
    with pytest.raises(DataError, match="is no run folder"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"a = = 1", "damaged"), (b'a = "\xff"', "damaged"), (b"a = 1", "no run folder")],
)
def test_damaged_config(tmp_path, content, message):
    (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_config(tmp_path)


def test_metrics_rows(tmp_path):
    rows = [ROW | {"epoch": epoch, "seconds": 1.5} for epoch in (1, 2)]
    write_metrics(tmp_path, rows)
    assert read_metrics(tmp_path) == rows
    assert type(read_metrics(tmp_path)[0]["epoch"]) is int
    header, *lines = (tmp_path / "metrics.csv").read_text().splitlines()
    assert header == "epoch,loss,accuracy,val_loss,val_accuracy,seconds"
    assert len(lines) == 2


def test_metrics_on_a_full_disk_keep_the_rows_before(tmp_path, monkeypatch, full_disk):
    rows = [ROW | {"epoch": epoch, "seconds": 1.5} for epoch in (1, 2)]
    write_metrics(tmp_path, rows[:1])
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(RegardError, match=r"disk is full: .*metrics\.csv"):
        write_metrics(tmp_path, rows)
    assert read_metrics(tmp_path) == rows[:1]

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from regard import datasets
from regard.datasets import fashion_mnist

import keras  # isort: skip


def is_picture(file):
    with Image.open(file) as picture:
        picture.load()
        return np.asarray(picture.convert("L")).std() > 0


def test_evaluate_agrees_with_the_training(regard, run):
    outcome = regard("evaluate", run, "--json")
    assert outcome.code == 0
    result = json.loads(outcome.out)
    assert is_picture(result.pop("pictures"))
    stored = json.loads((run / "evaluation.json").read_text())
    assert result["accuracy"] == stored["accuracy"]
    assert result["confusion"] == stored["confusion"]
    assert np.sum(result["confusion"]) == 50
    assert "This is the sample" in outcome.err


def test_evaluate_prints_tables_and_overwrites_nothing(regard, run):
    (run / "mistakes.png").write_text("kept")
    outcome = regard("evaluate", run)
    assert outcome.code == 0
    assert "test accuracy" in outcome.out
    assert "Ankle boot" in outcome.out
    assert (run / "mistakes.png").read_text() == "kept"
    assert is_picture(run / "mistakes-2.png")


def test_evaluate_on_other_data(regard, run):
    text = (run / "config.toml").read_text(encoding="utf-8")
    digest = datasets.load("fashion-mnist-sample").provenance.sha256["t10k-labels-idx1-ubyte"]
    assert digest in text
    (run / "config.toml").write_text(text.replace(digest, "0" * 64), encoding="utf-8")
    for verb in ("evaluate", "explain"):
        outcome = regard(verb, run)
        assert outcome.code == 3
        assert "holds other files. Give the run's with --data FOLDER" in outcome.err


@pytest.mark.parametrize("verb", ["evaluate", "explain"])
def test_data_from_a_folder(regard, run, verb):
    text = (run / "config.toml").read_text(encoding="utf-8")
    by_folder = text.replace('dataset = "fashion-mnist-sample"', 'dataset = "fashion-mnist"')
    assert by_folder != text
    (run / "config.toml").write_text(by_folder, encoding="utf-8")
    assert regard(verb, run, "--data", fashion_mnist.SAMPLE).code == 0


def test_run_without_its_model(regard, run, photos):
    (run / "model.json").unlink()
    for arguments in (["evaluate", run], ["predict", run, photos], ["explain", run]):
        outcome = regard(*arguments)
        assert outcome.code == 3
        assert "model.keras is a .keras file" in outcome.err
        assert "--trust" in outcome.err
    (run / "model.keras").unlink()
    outcome = regard("predict", run, photos, "--trust")
    assert outcome.code == 3
    assert "No model at" in outcome.err


def test_run_of_an_older_version_is_read_if_trusted(regard, run, photos):
    wanted = regard("predict", run, photos, "--json")
    (run / "model.json").unlink()
    outcome = regard("predict", run, photos, "--json", "--trust")
    assert outcome.code == 0
    assert outcome.out == wanted.out


@pytest.mark.parametrize("verb", ["evaluate", "predict", "explain", "export"])
@pytest.mark.parametrize(
    ("name", "reason"), [("model.h5", "is an HDF5 file"), ("model.pt", "is a pickle")]
)
def test_files_that_are_never_read(regard, photos, verb, name, reason):
    Path(name).write_bytes(b"anything")
    outcome = regard(verb, name, *([photos] if verb in ("predict", "explain") else []), "--trust")
    assert outcome.code == 3
    assert outcome.err.startswith(f"regard: {name} {reason}")
    assert len(outcome.err.splitlines()) == 1


def test_predict(regard, run, photos):
    outcome = regard("predict", run, photos, "--json")
    assert outcome.code == 0
    rows = json.loads(outcome.out)
    assert [row["image"] for row in rows] == [str(photos / f"{i}.png") for i in range(3)]
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert row["class"] == max(row["probabilities"], key=row["probabilities"].get)
        assert tuple(row["probabilities"]) == fashion_mnist.CLASS_NAMES


def test_predict_gives_a_table(regard, run, photos):
    shutil.copy(photos / "1.png", "a.png")
    outcome = regard("predict", run, "a.png", "photos/0.png")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert any("a.png" in line and "%" in line for line in lines)
    assert any("0.png" in line and "%" in line for line in lines)


@pytest.fixture
def bad_pictures(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    return tmp_path


@pytest.mark.parametrize("verb", ["predict", "explain"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("empty", "no pictures"),
        ("broken.png", "not a picture that can be read"),
        ("none.png", "there is no such file"),
    ],
)
def test_bad_pictures(regard, run, bad_pictures, verb, name, message):
    outcome = regard(verb, run, name)
    assert outcome.code == 3
    assert outcome.err.startswith(f"regard: {name}: ")
    assert message in outcome.err
    assert not (run / "maps.png").exists()


def test_explain_test_images(regard, run):
    outcome = regard("explain", run, "--json")
    assert outcome.code == 0
    result = json.loads(outcome.out)
    assert result["methods"] == ["attention"]
    assert result["verdicts"] == {}
    assert len(result["images"]) == len(result["classes"]) == 8
    assert result["picture"] == str(run / "maps.png")
    assert is_picture(run / "maps.png")


def test_explain_counts_up(regard, run, photos):
    (run / "maps.png").write_text("kept")
    outcome = regard("explain", run, photos, "--layer", "attention")
    assert outcome.code == 0
    assert str(run / "maps-2.png") in outcome.out
    assert (run / "maps.png").read_text() == "kept"
    assert is_picture(run / "maps-2.png")


def test_explain_one_query(regard, run, photos):
    words = ("--projection", "query", "--query", "27", "0", "--output", "mine.png")
    outcome = regard("explain", run, photos / "0.png", *words, "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["picture"] == "mine.png"
    assert is_picture("mine.png")


def test_explain_by_several_methods_and_a_class(regard, run, photos):
    words = ("--method", "attention", "--method", "grad_cam", "--class", "Sandal")
    outcome = regard("explain", run, photos, *words, "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["methods"] == ["attention", "grad_cam"]
    assert is_picture(run / "maps.png")


def test_explain_a_model_file_without_attention(regard, photos):
    layers = [keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    keras.Sequential([keras.Input((28, 28, 1)), *layers]).save("plain.keras")
    outcome = regard("explain", "plain.keras", photos)
    assert outcome.code == 3
    assert "--trust" in outcome.err
    outcome = regard("explain", "plain.keras", photos, "--trust")
    assert outcome.code == 0
    assert "has no attention that can be drawn; this is grad_cam" in outcome.err
    assert is_picture("maps.png")
    outcome = regard("explain", "plain.keras", "--trust")
    assert outcome.code == 2
    assert "without test images" in outcome.err


def test_explain_writes_a_page_for_one_picture(regard, run, photos):
    outcome = regard("explain", run, photos / "0.png", "--output", "look.html")
    assert outcome.code == 0
    assert "<svg" in Path("look.html").read_text(encoding="utf-8")
    outcome = regard("explain", run, photos, "--output", "all.html")
    assert outcome.code == 2
    assert "A page shows one picture, not 3" in outcome.err


@pytest.mark.slow
def test_explain_gives_a_verdict(regard, run):
    outcome = regard("explain", run, "--verdict", "--json")
    assert outcome.code == 0
    found = json.loads(outcome.out)["verdicts"]["attention"]
    assert found["images"] == 50
    assert found["verdict"] in outcome.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--projection", "query", "--query", "28", "0"], "query must be (row, column)"),
        (["--projection", "query", "--query", "-1", "0"], "query must be (row, column)"),
        (["--projection", "query"], "Give query="),
        (["--query", "1", "1"], "Give query="),
        (["--layer", "atention"], "Nearest: attention."),
        (["--output", "photos/0.png"], "exists and is not overwritten"),
        (["--output", "maps.xyz"], "must end in one of .png"),
        (["--output", "maps"], "must end in one of .png"),
        (["--output", "none/maps.png"], "There is no folder none"),
        (["--method", "gradcam"], "Nearest: grad_cam"),
        (["--method", "grad_cam", "--output", "a.html"], "shows attention alone, not grad_cam"),
        (["--method", "rise", "--layer", "attention"], "rise has no layer to choose"),
        (["--method", "gradient", "--projection", "received"], "for attention alone"),
        (["--class", "Ankle boots"], "Nearest: Ankle boot"),
        (["--class", "10"], "0 to 9"),
    ],
)
def test_explain_usage(regard, run, photos, words, message):
    before = (photos / "0.png").read_bytes()
    outcome = regard("explain", run, photos / "1.png", *words)
    assert outcome.code == 2
    assert message in outcome.err
    assert (photos / "0.png").read_bytes() == before
    assert not (run / "maps.png").exists()


def test_data(regard):
    outcome = regard("data", "fashion-mnist-sample", "--json")
    assert outcome.code == 0
    result = json.loads(outcome.out)
    assert result["names"] == datasets.names()
    assert list(result["classes"]) == list(fashion_mnist.CLASS_NAMES)
    assert np.sum(list(result["classes"].values()), axis=0).tolist() == [100, 50]
    assert "This is the sample" in result["notice"]


def test_data_in_words(regard, monkeypatch):
    monkeypatch.setenv("REGARD_DATA", str(fashion_mnist.SAMPLE))
    outcome = regard("data")
    assert outcome.code == 0
    assert f"fashion-mnist-sample, from {fashion_mnist.SAMPLE}" in outcome.out
    assert "Ankle boot" in outcome.out
    assert "This is the sample" in outcome.err


def test_data_of_a_folder_without_the_files(regard, tmp_path):
    outcome = regard("data", "--data", tmp_path)
    assert outcome.code == 3
    assert "lacks train-images-idx3-ubyte" in outcome.err
    assert regard("data", "fashion-mnist-sample", "--data", tmp_path).code == 2


def test_doctor(regard):
    outcome = regard("doctor", "--json")
    assert outcome.code == 0
    result = json.loads(outcome.out)
    assert result["packages"]["keras"].startswith("3.")
    assert result["backend"] in result["packages"]
    assert result["free disk"].endswith("GiB")
    assert "bit for bit" in result["repeatable"]
    in_words = regard("doctor")
    assert in_words.code == 0
    assert result["packages"]["keras"] in in_words.out


def test_doctor_without_a_backend(regard, monkeypatch):
    monkeypatch.setattr("regard.backend.installed", list)
    outcome = regard("doctor")
    assert outcome.code == 1
    assert 'pip install "regard[tensorflow]"' in outcome.err

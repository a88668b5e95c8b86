import dataclasses
import errno
import json
import os

import numpy as np
import pytest

from regard import datasets, models
from regard.datasets.check import as_images
from regard.errors import DataError, RegardError
from regard.evaluation import evaluate_probabilities
from regard.reports.run import finish_run, prediction_titles, right_and_wrong
from regard.training import Recipe, Trained
from regard.training.run import write_metrics

FILES = ["README.md", "evaluation.json", "metrics.csv", "report.html"]
ROW = {"epoch": 1, "loss": 2, "accuracy": 0.1, "val_loss": 2, "val_accuracy": 0.1, "seconds": 61}


def first(split, count):
    return datasets.Split(split.images[:count], split.labels[:count])


@pytest.fixture(scope="module")
def small():
    """20 + 5 images of the sample: fewer than a report shows of a whole set."""
    sample = datasets.load("fashion-mnist-sample")
    return dataclasses.replace(sample, train=first(sample.train, 20), test=first(sample.test, 5))


@pytest.fixture(scope="module")
def model():
    network = models.tutorial()
    network.run_eagerly = True
    return network


@pytest.fixture(autouse=True)
def measure(request, monkeypatch):
    """Measures faithfulness only where a test asks: it takes seconds."""
    if "judges" not in request.node.name:

        def refuse(*_, **__):
            raise RegardError("Faithfulness is not measured here.")

        monkeypatch.setattr("regard.reports.run.faithfulness", refuse)


@pytest.fixture
def trained(tmp_path, model):
    write_metrics(tmp_path, [ROW])
    return Trained(tmp_path, model, 1)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_files_and_numbers(trained, small):
    evaluation = finish_run(trained, small, Recipe())
    assert names(trained.folder) == FILES
    guesses = trained.model(as_images(small.test.images))
    right = np.argmax(guesses, axis=1) == small.test.labels
    assert evaluation.accuracy == right.mean()
    stored = json.loads((trained.folder / "evaluation.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(evaluation.to_dict()))


@pytest.mark.parametrize("name", ["report.html", "README.md"])
def test_readers_are_told_what_it_is(trained, small, name):
    evaluation = finish_run(trained, small, Recipe(seed=41, learning_rate=3e-4))
    text = (trained.folder / name).read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
    assert small.provenance.notice in text
    assert f"{evaluation.accuracy:.4f}" in text or f"{evaluation.accuracy:.1%}" in text.replace(
        " %", "%"
    )
    parameters = f"{trained.model.count_params():,} parameters"
    for fact in ("seed 41", "learning rate 0.0003", "61 s on", parameters, "10% of"):
        assert fact in text


def test_no_notice_where_there_is_nothing_to_say(trained, small):
    provenance = dataclasses.replace(small.provenance, notice="")
    finish_run(trained, dataclasses.replace(small, provenance=provenance), Recipe())
    for name in ("report.html", "README.md"):
        assert "This is the sample" not in (trained.folder / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "labels", [np.full(5, 10), np.full(5, -1), np.zeros(4, int)], ids=["ten", "minus", "few"]
)
def test_bad_test_labels_leave_nothing(trained, small, labels):
    test = dataclasses.replace(small.test, labels=labels)
    with pytest.raises(DataError):
        finish_run(trained, dataclasses.replace(small, test=test), Recipe())
    assert names(trained.folder) == ["metrics.csv"]


def test_full_disk(trained, small, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RegardError, match=r"disk is full: .*evaluation\.json"):
        finish_run(trained, small, Recipe())
    assert names(trained.folder) == ["metrics.csv"]


def test_half_of_the_images_shown_are_wrong_ones_if_there_are():
    probabilities = np.eye(2)[[0, 0, 1, 0, 1, 1]]
    evaluation = evaluate_probabilities(probabilities, [0, 0, 1, 1, 1, 0], ["cat", "dog"])
    assert right_and_wrong(evaluation, [0, 0, 1, 1, 1, 0], 4) == [0, 1, 3, 5]
    assert right_and_wrong(evaluation, [0, 0, 1, 1, 1, 0], 8) == [0, 1, 2, 4, 3, 5]
    right = evaluate_probabilities(probabilities, [0, 0, 1, 0, 1, 1], ["cat", "dog"])
    assert right_and_wrong(right, [0, 0, 1, 0, 1, 1], 4) == [0, 1, 2, 3]


def test_the_report_judges_attention_and_grad_cam(trained, small):
    finish_run(trained, small, Recipe())
    text = (trained.folder / "report.html").read_text(encoding="utf-8")
    for words in ("Grad-CAM, insertion", "attention, deletion", "Too few images to tell"):
        assert words in text


def test_the_report_says_why_nothing_was_measured(trained, small):
    finish_run(trained, small, Recipe())
    text = (trained.folder / "report.html").read_text(encoding="utf-8")
    assert "Faithfulness is not measured here." in text


def test_prediction_titles():
    labels = [0, 1, 1]
    evaluation = evaluate_probabilities([[0.9, 0.1], [0.8, 0.2], [0, 1]], labels, ["cat", "dog"])
    titles = prediction_titles(evaluation, labels, [1, 0, 2])
    assert titles == ["cat 80%, true: dog", "cat 90%", "dog 100%"]


def test_the_card_tells_the_whole_recipe(trained, small):
    changes = {
        "weight_decay": 0.1,
        "shift": 2,
        "label_smoothing": 0.05,
        "class_weights": "balanced",
        "group_by": "folder",
    }
    recipe = Recipe(epochs=2, batch_size=9, schedule="one-cycle", **changes)
    finish_run(trained, small, recipe)
    told = (
        "AdamW, weight decay 0.1, learning rate 0.001, one-cycle schedule, images shifted by at "
        "most 2 px, label smoothing 0.05, balanced class weights, no group (by folder) on two "
        "sides, 2 epochs of batches of 9"
    )
    assert told in (trained.folder / "README.md").read_text()

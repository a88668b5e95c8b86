import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from regard import datasets, pipeline
from regard.datasets import fashion_mnist
from regard.errors import DataError, UsageError
from regard.training import Recipe


@pytest.fixture
def steps(monkeypatch):
    """Stands in for training and report; notes what each was called with."""
    calls = []

    def step(name, result):
        def call(*arguments):
            calls.append((name, *arguments))
            return result

        return call

    monkeypatch.setattr("regard.training.training.train_run", step("fit", "trained"))
    monkeypatch.setattr("regard.reports.run.finish_run", step("finish", "evaluation"))
    return calls


def test_trains_then_tests_once(steps):
    recipe, dataset = Recipe(epochs=1), object()
    result = pipeline.train(recipe, dataset, "here", "mine", ["bar"])
    assert steps == [
        ("fit", recipe, dataset, Path("here"), "mine", ["bar"], print),
        ("finish", "trained", dataset, recipe),
    ]
    assert (result.trained, result.evaluation) == ("trained", "evaluation")


def test_data_set_is_the_recipes(steps):
    pipeline.train(Recipe(dataset="fashion-mnist-sample"))
    assert steps[0][2].name == "fashion-mnist-sample"
    with pytest.raises(UsageError, match="Nearest: fashion-mnist"):
        pipeline.train(Recipe(dataset="fashion-mnst"))


def test_bare_train_is_the_tutorial(steps, monkeypatch):
    monkeypatch.setattr(datasets, "load_for", lambda recipe: recipe.dataset)
    pipeline.train()
    assert steps[0] == ("fit", Recipe(), "fashion-mnist", Path("runs"), None, (), print)


def config(**data):
    sample = datasets.load("fashion-mnist-sample")
    facts = {"name": sample.name, "source": "there", "sha256": sample.provenance.sha256}
    return {"recipe": {"dataset": "fashion-mnist"}, "data": facts | data}


def test_data_of_a_run():
    assert pipeline.load_run_data(config()).name == "fashion-mnist-sample"
    from_folder = pipeline.load_run_data(config(), fashion_mnist.SAMPLE)
    assert from_folder.provenance.source == str(fashion_mnist.SAMPLE)


@pytest.mark.parametrize("sha256", [{}, {"train-images-idx3-ubyte": "0"}])
def test_other_data_than_the_runs(sha256):
    with pytest.raises(DataError, match=r"from there, but .* holds other files.*--data FOLDER"):
        pipeline.load_run_data(config(sha256=sha256))


def test_result_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        pipeline.Result(None, None).trained = 1


def test_import_is_light():
    code = "import sys, regard.pipeline; print({'keras', 'matplotlib'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"

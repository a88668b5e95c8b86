import sys

import pytest

from regard import comparing
from regard.errors import RegardError
from regard.studies import tasks, tuning
from regard.studies.plan import PlannedArm
from regard.studies.results import Arm
from regard.studies.study import make_study
from regard.training import NotFinite

pytestmark = pytest.mark.usefixtures("in_this_process")
SETTINGS = {
    "designs": ["eca"],
    "seeds": [0, 1],
    "controls": [],
    "tune": 3,
    "recipe": {"epochs": 1, "batch_size": 50, "learning_rate": 0.002},
}
NONE = PlannedArm(Arm("none", "none", None, 0, 0, ""), "none")


@pytest.fixture
def judged_by_rate(monkeypatch):
    """Lets validation accuracy be the higher, the nearer the learning rate is to 0.005."""

    def accuracy(study, dataset, planned, rate):
        return 1 - abs(rate - 0.005)

    monkeypatch.setattr(tuning, "_validation_accuracy", accuracy)


def test_the_best_of_the_tried_rates_is_taken_the_recipes_first(judged_by_rate, sample):
    found = tuning.tune(make_study(SETTINGS), sample, NONE)
    rates = [rate for rate, _ in found["tried"]]
    assert len(rates) == 3 and rates[0] == 0.002
    assert found["learning_rate"] == min(rates, key=lambda rate: abs(rate - 0.005))
    assert all(0.0002 <= rate <= 0.02 for rate in rates)


def test_the_same_study_tries_the_same_rates(judged_by_rate, sample):
    one, again = (tuning.tune(make_study(SETTINGS), sample, NONE) for _ in range(2))
    assert one == again


@pytest.mark.slow
def test_each_arm_of_a_study_has_its_rate(judged_by_rate, sample, tmp_path):
    found = comparing.compare(dataset=sample, root=tmp_path, **SETTINGS)
    folder = comparing.StudyFolder(found.folder)
    for arm in ("none", "eca"):
        rates = {found.results.scores[arm, seed].learning_rate for seed in (0, 1)}
        assert rates == {folder.rate(arm)}


def test_an_arm_without_a_rate_is_named_and_the_others_go_on(
    judged_by_rate, sample, tmp_path, monkeypatch
):
    tune = tasks._TASKS["tune"]

    def fail(task, *rest):
        if task["arm"]["arm"]["name"] == "eca":
            raise MemoryError("no room for it")
        return tune(task, *rest)

    with monkeypatch.context() as patch:
        patch.setitem(tasks._TASKS, "tune", fail)
        found = comparing.compare(dataset=sample, root=tmp_path, **SETTINGS)
    why = "its learning rate was not found: MemoryError: no room for it"
    assert found.results.failed == {("eca", 0): why, ("eca", 1): why}
    assert found.results.seeds("none") == [0, 1]
    mended = comparing.resume_comparison(found.folder, sample)
    assert mended.results.failed == {} and mended.results.seeds("eca") == [0, 1]


def test_a_rate_at_which_the_training_fails_is_not_taken(monkeypatch, sample):
    def diverges(job, callbacks):
        raise NotFinite("the loss is NaN")

    monkeypatch.setattr("regard.training.job.Job.train", diverges)
    assert tuning._validation_accuracy(make_study(SETTINGS), sample, NONE, 0.1) == 0


def test_without_optuna(monkeypatch, sample):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(RegardError, match=r"regard\[tune\]"):
        tuning.tune(make_study(SETTINGS), sample, NONE)

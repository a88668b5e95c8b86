import dataclasses
import json
import shutil

import numpy as np
import pytest

from regard import comparing
from regard.datasets import Split
from regard.errors import DataError, RegardError, UsageError
from regard.files import alone_in
from regard.studies import tasks
from regard.studies.study import make_study

pytestmark = pytest.mark.usefixtures("in_this_process")
SETTINGS = {
    "designs": ["eca"],
    "seeds": [0, 1],
    "controls": ["frozen", "shuffled"],
    "recipe": {"epochs": 1, "batch_size": 50},
}


def pieces(folder):
    """What must be the same of a study's trainings, by file."""
    found = {}
    for file in sorted(folder.glob("pieces/*/*.json")):
        answer = json.loads(file.read_text())
        scores = {name: (one["loss"], one["correct"]) for name, one in answer["scores"].items()}
        found[str(file.relative_to(folder))] = (answer["weights_sha256"], scores)
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("studies")


@pytest.fixture(scope="module")
def whole(in_this_process, sample, root):
    return comparing.compare(dataset=sample, root=root, **SETTINGS)


def test_a_study_leaves_its_trainings_its_table_and_its_report(whole):
    assert len(pieces(whole.folder)) == 3 * 2
    names = {file.name for file in whole.folder.iterdir()}
    assert {"study.toml", "plan.json", "table.md", "table.csv", "table.tex", "report.html"} <= names
    assert [arm.name for arm in whole.results.arms] == [
        "none",
        "eca",
        "eca, frozen",
        "eca, shuffled",
    ]


def test_the_differences_are_those_of_the_trainings(whole):
    scores = whole.results.scores
    right = np.mean([scores["eca", s].accuracy - scores["none", s].accuracy for s in (0, 1)])
    first = whole.comparisons[0]
    assert (first.arm, first.against) == ("eca", "none")
    assert first.difference == pytest.approx(right)


def test_two_seeds_are_no_result(whole):
    assert all(one.verdict.startswith("cannot tell") for one in whole.comparisons)


def test_a_finished_study_trains_nothing_more(whole, sample):
    told = []
    again = comparing.resume_comparison(whole.folder, sample, progress=lambda *a: told.append(a))
    assert told == [(6, 6, "0 trainings of 3 arms")]
    assert again.comparisons == whole.comparisons


def test_a_study_that_was_stopped_goes_on_to_the_same_table(whole, sample, root):
    def stop(done, total, what):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(comparing.Stopped, match=r"--resume .*stopped"):
        comparing.compare(dataset=sample, root=root, name="stopped", progress=stop, **SETTINGS)
    assert len(pieces(root / "stopped")) == 3
    gone_on = comparing.resume_comparison(root / "stopped", sample)
    assert pieces(gone_on.folder) == pieces(whole.folder)
    assert gone_on.comparisons == whole.comparisons


def test_an_arm_that_fails_is_named_and_the_others_go_on(sample, root, monkeypatch):
    settings = SETTINGS | {"controls": []}
    train = tasks._TASKS["train"]

    def fail(task, *rest):
        if task["arm"]["arm"]["name"] == "eca" and task["seed"] == 1:
            raise MemoryError("no room for it")
        return train(task, *rest)

    with monkeypatch.context() as patch:
        patch.setitem(tasks._TASKS, "train", fail)
        found = comparing.compare(dataset=sample, root=root, name="failing", **settings)
    assert found.results.failed == {("eca", 1): "MemoryError: no room for it"}
    assert found.results.seeds("eca") == [0] and found.results.seeds("none") == [0, 1]
    assert "no room for it" in (found.folder / "report.html").read_text()
    mended = comparing.resume_comparison(found.folder, sample)
    assert mended.results.failed == {} and mended.results.seeds("eca") == [0, 1]


def test_other_images_are_refused(whole, sample):
    noise = np.random.default_rng(0).integers(0, 256, sample.train.images.shape, np.uint8)
    others = dataclasses.replace(sample, train=Split(noise, sample.train.labels))
    with pytest.raises(DataError, match="other images"):
        comparing.resume_comparison(whole.folder, others)


def test_another_backend_or_version_is_refused(whole, sample, monkeypatch):
    now = comparing.environment()
    other = now | {"packages": now["packages"] | {"keras": "4.0"}}
    monkeypatch.setattr(comparing, "environment", lambda: other)
    with pytest.raises(UsageError, match=r"keras was .* and is 4\.0"):
        comparing.resume_comparison(whole.folder, sample)


def test_settings_that_were_changed_after_it_began_are_refused(whole, sample, tmp_path):
    folder = tmp_path / "changed"
    shutil.copytree(whole.folder, folder)
    file = folder / "study.toml"
    file.write_text(file.read_text().replace("epochs = 1\n", "epochs = 2\n"))
    with pytest.raises(UsageError, match=r"study\.toml was changed .*: recipe\. Put it back"):
        comparing.resume_comparison(folder, sample)


def test_a_study_that_another_process_trains_is_refused(whole, sample):
    with alone_in(whole.folder, "study"), pytest.raises(UsageError, match="Another process works"):
        comparing.resume_comparison(whole.folder, sample)


def test_a_look_does_not_see_the_seeds_after_it(whole):
    folder = comparing.StudyFolder(whole.folder)
    assert {seed for _, seed in folder.results((0,)).scores} == {0}


def test_one_class_is_refused_before_anything_is_written(sample, root):
    of_one = Split(sample.train.images, np.full(len(sample.train), 3))
    for changes in ({"class_names": ("boot",)}, {"train": of_one}):
        one = dataclasses.replace(sample, **changes)
        with pytest.raises(DataError, match="one class"):
            comparing.compare(dataset=one, root=root, name="one-class", **SETTINGS)
    assert not (root / "one-class").exists()


def test_images_given_in_another_size_are_refused(sample, root):
    settings = SETTINGS | {"recipe": SETTINGS["recipe"] | {"image_size": 32}}
    with pytest.raises(UsageError, match="32, but the images given are 28 x 28"):
        comparing.compare(dataset=sample, root=root, name="size", **settings)
    assert not (root / "size").exists()


def test_a_design_that_does_not_fit_is_refused_before_any_training(sample, root):
    settings = SETTINGS | {"designs": ["attention_pool"]}
    with pytest.raises(UsageError, match="does not fit"):
        comparing.compare(dataset=sample, root=root, name="misfit", **settings)
    assert not (root / "misfit").exists()


def test_a_study_or_its_settings():
    with pytest.raises(UsageError, match="or its settings"):
        comparing.compare()
    with pytest.raises(UsageError, match="or its settings"):
        comparing.compare(make_study(SETTINGS), designs=["cbam"])


def test_without_the_network_without_attention_there_is_no_answer(sample, root, monkeypatch):
    def fail(*_):
        raise RuntimeError("odd")

    monkeypatch.setitem(tasks._TASKS, "train", fail)
    with pytest.raises(RegardError, match="odd"):
        comparing.compare(dataset=sample, root=root, name="nothing", **SETTINGS)


def test_looks_start_at_the_fifth_seed():
    study = make_study(SETTINGS | {"seeds": list(range(8)), "until_decided": True})
    assert list(comparing._looks(study)) == [(0, 1, 2, 3, 4), (5,), (6,), (7,)]
    whole = study.model_copy(update={"until_decided": False})
    assert list(comparing._looks(whole)) == [tuple(range(8))]

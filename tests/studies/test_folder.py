import dataclasses
import json

import numpy as np
import pytest

from regard.datasets import Split
from regard.errors import DataError, UsageError
from regard.studies.folder import StudyFolder, new_study
from regard.studies.part import spread_out
from regard.studies.results import Score
from regard.studies.study import make_study
from regard.studies.tasks import packed_score

ARM = {"name": "cbam", "role": "design", "of": None, "parameters": 2, "multiply_adds": 3}
PLAN = {
    "arms": [{"arm": ARM | {"made_of": "CBAM"}, "design": "cbam", "share": 0.0}],
    "left_out": {"cbam, frozen": "no weights"},
}


@pytest.fixture
def study():
    return make_study({"designs": ["cbam"], "seeds": [3, 4]})


@pytest.fixture
def folder(study, tmp_path):
    return new_study(study, tmp_path, "sample")


def test_a_study_comes_back(folder, study):
    assert StudyFolder(folder.path).study == study


def test_names_count_up_and_nothing_is_overwritten(study, tmp_path):
    names = [new_study(study, tmp_path, "sample").path.name for _ in range(3)]
    assert names == ["sample", "sample-2", "sample-3"]
    with pytest.raises(UsageError, match="never overwritten"):
        new_study(study, tmp_path, "sample", "sample")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden"])
def test_names_that_are_no_plain_folders(study, tmp_path, name):
    with pytest.raises(UsageError, match="plain folder name"):
        new_study(study, tmp_path, "sample", name)


def test_a_plan_comes_back(folder, sample):
    assert not folder.has_plan()
    folder.write_plan(PLAN, sample, "digest")
    plan = folder.read_plan()
    assert plan["data"]["sha256"] == "digest"
    assert plan["data"]["counts"] == {"train": 100, "test": 50}
    assert [arm.to_dict() for arm in folder.arms()] == PLAN["arms"]


def test_results_of_nothing_yet(folder, sample):
    folder.write_plan(PLAN, sample, "digest")
    results = folder.results()
    assert results.scores == {} and results.left_out == PLAN["left_out"]
    assert results.labels.tolist() == sample.test.labels.tolist()
    assert results.map_images.shape == (8, 28, 28, 1)


def test_images_of_floats_and_one_hot_labels(folder, sample):
    test = sample.test
    floats, one_hot = test.images / 255, np.eye(len(sample.class_names))[test.labels]
    folder.write_plan(PLAN, dataclasses.replace(sample, test=Split(floats, one_hot)), "digest")
    results = folder.results()
    shown = test.images[spread_out(8, len(test))]
    assert np.array_equal(results.map_images[..., 0], shown)
    assert results.labels.tolist() == test.labels.tolist()


@pytest.mark.parametrize("label", [-1, 10])
def test_test_labels_of_no_class_are_refused_before_any_training(folder, sample, label):
    wrong = Split(sample.test.images, np.full(len(sample.test), label))
    with pytest.raises(DataError, match="10 classes"):
        folder.write_plan(PLAN, dataclasses.replace(sample, test=wrong), "digest")
    assert not folder.has_plan()


def test_settings_that_trainings_hang_on_are_kept_in_the_plan(folder, sample):
    folder.write_plan(PLAN, sample, "digest")
    assert folder.changed_settings() == []
    folder.study = folder.study.model_copy(update={"worth": 0.1, "seeds": (0, 1, 2, 3, 4)})
    assert folder.changed_settings() == []
    folder.study = folder.study.model_copy(update={"designs": ("eca",), "images": 50})
    assert folder.changed_settings() == ["designs", "images"]


def test_what_failed_is_named_and_not_done(folder, sample):
    folder.write_plan(PLAN, sample, "digest")
    folder.write_piece("cbam", 3, {"failed": "MemoryError: no room"})
    assert folder.piece("cbam", 3) is None
    assert folder.results().failed == {("cbam", 3): "MemoryError: no room"}


def test_a_control_that_one_seed_cannot_have_is_kept_of_the_others(folder, sample):
    shuffled = {"arm": {**ARM, "name": "cbam, shuffled", "role": "shuffled", "of": "cbam"}}
    shuffled["arm"]["made_of"] = "other maps"
    arms = [*PLAN["arms"], shuffled | {"design": "cbam", "share": 0.0}]
    folder.write_plan(PLAN | {"arms": arms}, sample, "digest")
    score = packed_score(Score(0.5, 0.5, 0.5, 1, 1, np.ones(50, bool), np.ones(10), []))
    answer = {"scores": {"cbam": score}, "maps": None, "why_not_shuffled": "no memory"}
    folder.write_piece("cbam", 4, answer)
    assert folder.results().left_out["cbam, shuffled"] == "no memory"
    both = {"cbam": score, "cbam, shuffled": score}
    folder.write_piece("cbam", 3, answer | {"scores": both, "why_not_shuffled": ""})
    results = folder.results()
    assert results.left_out == PLAN["left_out"]
    assert results.failed == {("cbam, shuffled", 4): "no memory"}
    assert results.seeds("cbam, shuffled") == [3] and results.seeds("cbam") == [3, 4]


def test_a_study_of_another_version(folder, sample):
    folder.write_plan(PLAN, sample, "digest")
    file = folder.path / "plan.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 9}))
    with pytest.raises(DataError, match="version 9"):
        folder.read_plan()
    settings = folder.path / "study.toml"
    settings.write_text(settings.read_text().replace("format = 1", "format = 9"))
    with pytest.raises(DataError, match="version 9"):
        StudyFolder(folder.path)


def test_folders_and_files_that_are_no_study(folder, sample, tmp_path):
    with pytest.raises(DataError, match="no study"):
        StudyFolder(tmp_path)
    folder.write_plan(PLAN, sample, "digest")
    folder.write_piece("cbam", 3, {"failed": "x"})
    next(folder.path.glob("pieces/*/3.json")).write_text('{"failed": ')
    with pytest.raises(DataError, match="is damaged"):
        folder.piece("cbam", 3)


def test_a_plan_that_lacks_a_part_is_damaged(folder, sample):
    folder.write_plan(PLAN, sample, "digest")
    (folder.path / "plan.json").write_text('{"format": 1}')
    with pytest.raises(DataError, match=r"plan\.json is damaged: it has no arms"):
        folder.read_plan()


def test_files_with_other_contents_are_damaged(folder, sample):
    folder.write_plan(PLAN, sample, "digest")
    for content in ({"scores": {}}, {"scores": {"cbam": {"correct": {"count": 9**20}}}}, {}):
        folder.write_piece("cbam", 3, content | {"maps": None})
        with pytest.raises(DataError, match="is damaged"):
            folder.results()


def test_no_name_leaves_the_folder(folder):
    for name in ("..", "../x", "/tmp/x", "a/../../b", "..hidden"):
        folder.write_piece(name, 3, {"failed": name})
    assert len(list(folder.path.glob("pieces/*/3.json"))) == 5
    assert {file.name for file in folder.path.parent.iterdir()} == {folder.path.name}


def test_what_a_killed_process_left_is_tidied_away(folder):
    folder.write_piece("cbam", 3, {"failed": "x"})
    left = folder.path / "pieces" / "cbam" / ".123-4.json"
    left.touch()
    StudyFolder(folder.path)
    assert left.exists()
    folder.tidy()
    assert not left.exists() and (folder.path / "pieces" / "cbam" / "3.json").exists()


def test_designs_of_other_arguments_have_other_files(folder):
    names = ["pixel:units=4", "pixel:units=-4", "pixel:units=4,dropout=0.1", "pixel:units=4.0"]
    for name in [*names, *(f"{name}, frozen" for name in names)]:
        folder.write_piece(name, 3, {"failed": name})
    files = list(folder.path.glob("pieces/*/3.json"))
    assert len(files) == 8
    assert {json.loads(file.read_text())["failed"] for file in files} >= set(names)


def test_a_rate_comes_back(folder):
    assert folder.rate("cbam, frozen") is None
    folder.write_rate("cbam, frozen", {"learning_rate": 0.02, "tried": [[0.02, 0.5]]})
    assert folder.rate("cbam, frozen") == 0.02

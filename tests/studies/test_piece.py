import dataclasses
import json

import keras
import numpy as np
import pytest

from regard.datasets import Split
from regard.datasets.check import as_images
from regard.studies import networks
from regard.studies.piece import train_piece
from regard.studies.plan import PlannedArm
from regard.studies.results import Arm
from regard.studies.study import make_study
from regard.studies.tasks import packed_score, unpacked_score
from regard.training.job import prepare

pytestmark = pytest.mark.usefixtures("in_this_process")


def arm(role, design="cbam"):
    return PlannedArm(Arm(role, role, None, 0, 0, ""), design)


@pytest.fixture(scope="module")
def study():
    recipe = {"epochs": 2, "batch_size": 50}
    return make_study({"designs": ["cbam"], "seeds": [0, 1], "recipe": recipe, "controls": []})


@pytest.fixture(scope="module")
def trained(in_this_process, study, sample):
    return train_piece(study, sample, arm("design"), seed=1)


def test_the_score_is_that_of_the_epoch_that_validation_chose(study, sample, trained):
    job = prepare(
        study.recipe.model_copy(update={"seed": 1}), sample, networks.builder(arm("design"))
    )
    curve = trained["score"].curve
    best = max(range(2), key=lambda n: (curve[n]["val_accuracy"], -curve[n]["val_loss"]))
    weights = []

    class Keep(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            weights.append(job.model.get_weights())

    job.train([Keep()])
    job.model.set_weights(weights[best])
    right = job.model.predict(as_images(sample.test.images), verbose=0).argmax(1)
    assert np.array_equal(right == sample.test.labels, trained["score"].correct)
    assert trained["score"].accuracy == trained["score"].correct.mean()


def test_the_same_seed_gives_the_same_weights(study, sample, trained):
    again = train_piece(study, sample, arm("design"), seed=1)
    other = train_piece(study, sample, arm("design"), seed=0)
    assert again["digest"] == trained["digest"] != other["digest"]
    assert again["score"].loss == trained["score"].loss


def test_test_images_do_not_change_the_training(study, sample, trained):
    noise = np.random.default_rng(0).integers(0, 256, sample.test.images.shape, np.uint8)
    poisoned = dataclasses.replace(sample, test=Split(noise, sample.test.labels[::-1].copy()))
    assert train_piece(study, poisoned, arm("design"), seed=1)["digest"] == trained["digest"]


def test_a_part_of_the_images_is_drawn_anew_with_each_seed(study, sample):
    part = study.model_copy(update={"images": 60})
    curves = [train_piece(part, sample, arm("none"), seed)["score"].curve for seed in (0, 1)]
    assert curves[0][0]["loss"] != curves[1][0]["loss"]


def test_a_design_has_maps_and_their_faithfulness(trained, study, sample):
    assert trained["maps"].shape == (8, 28, 28)
    assert np.isfinite(trained["score"].faithfulness)
    without = train_piece(study, sample, arm("none"), seed=1)
    assert without["maps"] is None and without["score"].faithfulness is None


def test_another_learning_rate(study, sample, trained):
    found = train_piece(study, sample, arm("design"), seed=1, rate=1e-5)
    assert found["score"].learning_rate == 1e-5
    assert found["digest"] != trained["digest"]


def test_without_memory_for_the_faithfulness_the_accuracy_is_kept(study, sample, monkeypatch):
    def no_memory(*_, **__):
        raise RuntimeError("OOM when allocating tensor with shape [100000]")

    monkeypatch.setattr("regard.maps.faithfulness.faithfulness", no_memory)
    found = train_piece(study, sample, arm("design"), seed=1)
    assert found["score"].faithfulness is None and found["score"].accuracy > 0
    assert found["maps"] is not None


def test_a_training_that_diverges_counts_as_it_was_before(study, sample):
    found = train_piece(study, sample, arm("design"), seed=1, rate=3e38)
    score = found["score"]
    assert "not finite at step" in score.diverged
    assert score.curve == [] and score.step_ms is None
    assert np.isfinite(score.loss) and score.accuracy == score.correct.mean()
    packed = json.loads(json.dumps(packed_score(score), allow_nan=False))
    assert unpacked_score(packed, 50).diverged == score.diverged


def test_what_is_told_of_the_training(trained):
    score = trained["score"]
    assert len(score.curve) == 2
    assert score.seconds == pytest.approx(sum(row["seconds"] for row in score.curve))
    assert 0 < score.step_ms < 1e3 * score.seconds
    assert 0 <= score.ece <= 1 and score.recall.shape == (10,)

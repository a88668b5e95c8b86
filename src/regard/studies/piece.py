"""One training of a study, and what is measured of it."""

import hashlib
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from regard.datasets.check import as_images, as_labels
from regard.errors import RegardError
from regard.evaluation import evaluate_probabilities
from regard.evaluation.predict import classify
from regard.studies import networks
from regard.studies.part import SHOWN, part_of, spread_out
from regard.studies.results import Score
from regard.training.best import KeepBest
from regard.training.job import prepare
from regard.training.loop import NotFinite
from regard.training.loop.memory import is_out_of_memory

JUDGED_IMAGES = 40


def train_piece(study, dataset, planned, seed, rate=None):
    """Trains an arm's network with a seed, keeps its best epoch, and looks at the test images once.

    A training that leaves the finite numbers ends there and counts as it was before: to leave it
    out would flatter an arm that diverges.

    Args:
        study: A `regard.studies.study.Study`.
        dataset: A `regard.datasets.Dataset`.
        planned: A `regard.studies.plan.PlannedArm`.
        seed: Of everything that is drawn.
        rate: Learning rate in place of the recipe's, or None.

    Returns:
        A dict: `score`, a `Score`; `shuffled`, that of the same network with the attention of
        other images, None where it is no design or that cannot be had; `maps`, its attention on
        some test images, `(images, rows, columns)`, or None; `digest`, the SHA-256 of the
        weights kept; `why`, in words why there is no `shuffled`.
    """
    rate = study.recipe.learning_rate if rate is None else rate
    recipe = study.recipe.model_copy(update={"seed": seed, "learning_rate": rate})
    job = prepare(recipe, part_of(dataset, study.images, seed), networks.builder(planned))
    clock = _StepClock()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "checkpoints").mkdir()
        keeper = KeepBest(job.model, Path(folder))
        diverged = _trained(job, [keeper, clock])
        keeper.restore()
    labels = as_labels(dataset.test.labels, len(dataset.class_names), len(dataset.test))
    of_training = {
        "seconds": sum(row["seconds"] for row in keeper.rows),
        "step_ms": clock.milliseconds,
        "curve": keeper.rows,
        "learning_rate": rate,
        "diverged": diverged,
    }
    found = {"digest": _digest(job.model), "shuffled": None, "maps": None, "why": ""}
    is_design = planned.arm.role == "design"
    faithfulness = _had(_faithfulness, job.model, dataset) if is_design else None
    found["score"] = _score(
        classify(job.model, dataset.test.images), labels, dataset, faithfulness, of_training
    )
    if is_design:
        found["maps"] = _had(_maps, job.model, dataset)
        if "shuffled" in study.controls:
            found |= _shuffled(job.model, dataset, labels, seed, of_training)
    return found


def _trained(job, callbacks):
    """Trains; returns in words where it diverged, or nothing."""
    try:
        job.train(callbacks)
    except NotFinite as error:
        return str(error)
    return ""


class _StepClock(keras.callbacks.Callback):
    """Times the training steps of the last whole epoch, without its validation."""

    every_batch = False

    def __init__(self):
        super().__init__()
        self.milliseconds = None  # a step; of a training of one epoch they hold its compilation

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_test_begin(self, logs=None):
        self.milliseconds = 1e3 * (time.perf_counter() - self._start) / self.params["steps"]


def _score(probabilities, labels, dataset, faithfulness, of_training):
    found = evaluate_probabilities(probabilities, labels, dataset.class_names)
    return Score(
        accuracy=found.accuracy,
        loss=found.loss,
        ece=found.reliability.ece,
        correct=found.predictions == labels,
        recall=found.recall,
        faithfulness=faithfulness,
        **of_training,
    )


def _shuffled(model, dataset, labels, seed, of_training):
    from regard.studies.shuffled import shuffled_probabilities

    try:
        probabilities = shuffled_probabilities(model, as_images(dataset.test.images), seed=seed)
    except Exception as error:
        if not _cannot_be(error):
            raise
        return {"why": str(error) or type(error).__name__}
    return {"shuffled": _score(probabilities, labels, dataset, None, of_training)}


def _had(measure, *arguments):
    """What a measure gives; None where it cannot be had, so that the accuracy is kept."""
    try:
        return measure(*arguments)
    except Exception as error:
        if not _cannot_be(error):
            raise
        return None


def _cannot_be(error):
    return isinstance(error, RegardError) or is_out_of_memory(error)


def _maps(model, dataset):
    from regard.maps import attention_maps

    rows = spread_out(SHOWN, len(dataset.test))
    return attention_maps(model, as_images(dataset.test.images[rows])).to_images()


def _faithfulness(model, dataset):
    """The smallest advantage of the attention maps over the controls' maps."""
    from regard.explanation import explainer
    from regard.maps.faithfulness import faithfulness

    rows = spread_out(JUDGED_IMAGES, len(dataset.test))
    images = as_images(dataset.test.images[rows])
    found = faithfulness(model, explainer("attention"), images, measures=("insertion", "deletion"))
    return min(mean for mean, _, _ in found.advantages.values())


def _digest(model):
    whole = hashlib.sha256()
    for variable in model.variables:
        whole.update(np.asarray(keras.ops.convert_to_numpy(variable)).tobytes())
    return whole.hexdigest()

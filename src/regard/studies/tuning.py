"""A learning rate for one arm, chosen on validation images."""

import tempfile
from pathlib import Path

from regard.errors import RegardError
from regard.studies import networks
from regard.studies.part import part_of
from regard.training.best import KeepBest
from regard.training.job import prepare
from regard.training.loop import NotFinite

SEED = 2**32 - 1  # of the trainings that choose
SPAN = 10.0  # times higher or lower than the recipe's rate


def tune(study, dataset, planned):
    """Tries learning rates for an arm, `study.tune` of them, the recipe's first.

    A rate at which the training leaves the finite numbers counts as an accuracy of 0. Each is a
    training with a seed that the study does not use otherwise; the best has the highest
    validation accuracy.

    Args:
        study: A `regard.studies.study.Study`.
        dataset: A `regard.datasets.Dataset`; its test images are not used.
        planned: A `regard.studies.plan.PlannedArm`.

    Returns:
        A dict: `learning_rate`, the best; `tried`, pairs of a rate and its validation accuracy.

    Raises:
        RegardError: If Optuna is not installed.
    """
    optuna = _optuna()
    rate, tried = study.recipe.learning_rate, []

    def accuracy(trial):
        chosen = trial.suggest_float("rate", rate / SPAN, min(rate * SPAN, 1), log=True)
        tried.append((chosen, _validation_accuracy(study, dataset, planned, chosen)))
        return tried[-1][1]

    search = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=study.seeds[0])
    )
    search.enqueue_trial({"rate": rate})
    search.optimize(accuracy, n_trials=study.tune)
    return {"learning_rate": search.best_params["rate"], "tried": tried}


def _validation_accuracy(study, dataset, planned, rate):
    recipe = study.recipe.model_copy(update={"seed": SEED, "learning_rate": rate})
    job = prepare(recipe, part_of(dataset, study.images, SEED), networks.builder(planned))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "checkpoints").mkdir()
        keeper = KeepBest(job.model, Path(folder))
        try:
            job.train([keeper])
        except NotFinite:
            return 0.0
    return keeper.row["val_accuracy"]


def _optuna():
    try:
        import optuna
    except ImportError:
        raise RegardError(
            'To tune the learning rates Optuna is needed: pip install "regard[tune]"'
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna

"""Trains a network by a recipe and leaves a run folder; the test images are not looked at."""

from dataclasses import dataclass
from pathlib import Path

import keras

from regard.datasets import Dataset
from regard.errors import RegardError
from regard.files import alone_in, remove_left_behind
from regard.training.best import KeepBest
from regard.training.checkpoints import Checkpoints
from regard.training.job import prepare
from regard.training.recipe import Recipe
from regard.training.resume import SetRate, check_unchanged
from regard.training.run import has_model, new_run_folder, save_model, write_config


class Stopped(RegardError):
    """The training was interrupted; what was trained is in the run folder."""


@dataclass(frozen=True)
class Trained:
    """What a training gives.

    Attributes:
        folder: The run folder.
        model: The network with the weights of the best epoch.
        best_epoch: The epoch with the highest validation accuracy, counted from 1.
    """

    folder: Path
    model: keras.Model
    best_epoch: int


def train_run(
    recipe: Recipe,
    dataset: Dataset,
    root: Path = Path("runs"),
    name: str | None = None,
    callbacks=(),
    say=lambda line: None,
) -> Trained:
    """Trains the recipe's network and keeps the epoch that is best on the validation part.

    Args:
        recipe: The settings.
        dataset: Images and labels; of its training images a stratified part is held out for
            validation. The test images are not used.
        root: Folder of all runs.
        name: Name of the run; by default the data set's, counted up.
        callbacks: Keras callbacks, such as a progress bar.
        say: Called with the line that tells how the network is computed, and why.

    Raises:
        DataError: If the images or labels cannot be used.
        UsageError: If the run's name is in use, or if the shift is too large for the images.
        Stopped: At Ctrl-C, after saving what was trained.
    """
    job = prepare(recipe, dataset)
    folder = new_run_folder(root, dataset.name, name)
    with alone_in(folder, "run"):
        write_config(folder, recipe, dataset)
        return _run(job, folder, callbacks, say)


def resume_run(
    folder: Path,
    recipe: Recipe,
    dataset: Dataset,
    callbacks=(),
    say=lambda line: None,
    force: bool = False,
) -> Trained:
    """Goes on with a training where its newest checkpoint is, as if it had never stopped.

    Args:
        folder: The run folder.
        recipe: The settings, those of the run unless `force`.
        dataset: The images and labels that the run was trained on.
        callbacks: Keras callbacks, such as a progress bar.
        say: Called with the line that tells how the network is computed, and with others.
        force: Whether to go on although something changed that changes the result.

    Raises:
        DataError: If the checkpoints are not of this recipe and these images.
        UsageError: If settings, images or versions changed and `force` is not given, or if
            another process works on the run.
        Stopped: At Ctrl-C, after saving what was trained.
    """
    changed = check_unchanged(folder, recipe, dataset, say, force)
    if "learning_rate" in changed and recipe.schedule == "constant":
        callbacks = [SetRate(recipe.learning_rate), *callbacks]
    with alone_in(folder, "run"):
        remove_left_behind(folder)
        job = prepare(recipe, dataset)
        write_config(folder, recipe, dataset)
        return _run(job, folder, callbacks, say)


def _run(job, folder, callbacks, say):
    recipe, keeper = job.recipe, KeepBest(job.model, folder)
    checkpoints = Checkpoints(folder / "checkpoints", say=say)
    try:
        job.train([keeper, *callbacks], say, checkpoints)
    except KeyboardInterrupt:
        keeper.restore()
        if keeper.epochs or not has_model(folder):
            save_model(job.model, folder, recipe.network)
        ways = {"regard": "To go on: regard train --resume", "keras": "Kept: regard evaluate"}
        raise Stopped(
            f"Stopped after {keeper.epochs} whole epochs. {ways[recipe.loop]} {folder}"
        ) from None
    keeper.restore()
    save_model(job.model, folder, recipe.network)
    return Trained(folder, job.model, keeper.best_epoch)

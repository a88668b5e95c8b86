"""What must be as it was for a run to go on."""

import json
from pathlib import Path

import keras
from pydantic import ValidationError

from regard.errors import DataError, UsageError
from regard.training.checkpoints import Checkpoints
from regard.training.recipe import Recipe
from regard.training.run import environment, read_config


class SetRate(keras.callbacks.Callback):
    """Sets the learning rate once, at the first epoch."""

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def on_epoch_begin(self, epoch, logs=None):
        if self.rate is not None:
            self.model.optimizer.learning_rate = self.rate
            self.rate = None


def read_run_recipe(folder: Path) -> Recipe:
    """Returns the settings of a run.

    Raises:
        DataError: If `folder` is no run, or one of another version with other settings.
    """
    try:
        return Recipe(**read_config(folder)["recipe"])
    except ValidationError as error:
        raise DataError(
            f"{Path(folder) / 'config.toml'} has settings that this version does not know: "
            f"{error.errors()[0]['loc'][0]}."
        ) from None


def check_unchanged(folder: Path, recipe: Recipe, dataset, say, force: bool) -> dict:
    """Compares a run's settings, images and versions with those of now.

    Args:
        folder: The run folder.
        recipe: The settings to go on with.
        dataset: The images to go on with.
        say: Called with a line for each difference that is gone on with.
        force: Whether to go on in spite of differences.

    Returns:
        What each changed thing was and is, by name.

    Raises:
        DataError: If `folder` is no run.
        UsageError: If something that changes the result is another now and `force` is not given,
            or if the run has no checkpoints.
    """
    before = read_run_recipe(folder)
    if before.loop == "keras":
        raise UsageError(
            f"{folder} was trained by --loop keras, which keeps no checkpoints. Train it anew."
        )
    if (folder / "model.keras").exists() and not Checkpoints(folder / "checkpoints").files():
        raise UsageError(f"{folder} has a network but no states to go on from. Train it anew.")
    changes = _changes(
        _facts(before, read_config(folder)["data"]["sha256"], _recorded(folder)),
        _facts(recipe, dict(dataset.provenance.sha256), environment()),
    )
    told = [f"{name} was {then} and is {now}" for name, (then, now) in changes.items()]
    if told and not force:
        raise UsageError(
            f"Since {folder} began, {'; '.join(told)}: the result would be another. "
            "To go on all the same: --force."
        )
    for line in told:
        say(f"{line}.")
    return changes


def _facts(recipe, sha256, environment):
    images = {f"the file {name}": digest[:12] for name, digest in sha256.items()}
    machine = {name: environment.get(name) for name in ("backend", "cores", "machine")}
    packages = environment.get("packages", {})
    used = ("regard", "keras", "numpy", machine["backend"])
    versions = {name: packages[name] for name in used if name in packages}
    return recipe.model_dump() | images | machine | versions


def _recorded(folder):
    try:
        return json.loads((folder / "environment.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _changes(before, now):
    names = dict.fromkeys([*before, *now])
    return {n: (before.get(n), now.get(n)) for n in names if before.get(n) != now.get(n)}

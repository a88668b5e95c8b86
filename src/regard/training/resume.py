"""What must be as it was for a run to go on."""

import json
from pathlib import Path

import keras
from pydantic import ValidationError

from regard.errors import DataError, UsageError
from regard.training.checkpoints import Checkpoints
from regard.training.recipe import Recipe
from regard.training.run import environment, has_model, read_config, what_decides

_IMAGES = "the file"
_FIXED = frozenset(
    {
        "dataset",
        "image_size",
        "group_by",
        "network",
        "batch_size",
        "shift",
        "seed",
        "validation_fraction",
        "loop",
    }
)


class SetRate(keras.callbacks.Callback):
    """Sets the learning rate once, before the first step."""

    every_batch = False

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def on_train_batch_begin(self, batch, logs=None):
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
            if the run has no checkpoints, or if something changed without which its state means
            nothing, such as the network, the split or the images.
    """
    before = read_run_recipe(folder)
    if before.loop == "keras":
        raise UsageError(
            f"{folder} was trained by --loop keras, which keeps no checkpoints. Train it anew."
        )
    has_states = bool(Checkpoints(folder / "checkpoints").files())
    if has_model(folder) and _has_epochs(folder) and not has_states:
        raise UsageError(f"{folder} has a network but no states to go on from. Train it anew.")
    changes = _changes(
        _facts(before, read_config(folder)["data"]["sha256"], _recorded(folder)),
        _facts(recipe, dict(dataset.provenance.sha256), environment()),
    )
    told = [f"{name} was {then} and is {now}" for name, (then, now) in changes.items()]
    fixed = [name for name in changes if name in _FIXED or name.startswith(_IMAGES)]
    if fixed:
        raise UsageError(
            f"{fixed[0]} was {changes[fixed[0]][0]} when {folder} began and cannot be "
            f"{changes[fixed[0]][1]} now. Train a new run."
        )
    if told and not force:
        raise UsageError(
            f"Since {folder} began, {'; '.join(told)}: the result would be another. "
            "To go on all the same: --force."
        )
    for line in told:
        say(f"{line}.")
    return changes


def _facts(recipe, sha256, environment):
    images = {f"{_IMAGES} {name}": digest[:12] for name, digest in sha256.items()}
    cores = {"cores": environment.get("cores")}
    return recipe.model_dump() | images | cores | what_decides(environment)


def _has_epochs(folder):
    file = folder / "metrics.csv"
    return file.exists() and len(file.read_text(encoding="utf-8").splitlines()) > 1


def _recorded(folder):
    try:
        return json.loads((folder / "environment.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _changes(before, now):
    names = dict.fromkeys([*before, *now])
    return {n: (before.get(n), now.get(n)) for n in names if before.get(n) != now.get(n)}

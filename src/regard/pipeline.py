"""The main job in one call: load, train, test once, report."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from regard import datasets
from regard.errors import DataError
from regard.evaluation import Evaluation
from regard.training.recipe import Recipe, changed

if TYPE_CHECKING:
    from regard.training import Trained

_FILES = (".csv", ".npz")


@dataclass(frozen=True)
class Result:
    """A finished training.

    Attributes:
        trained: The run folder, the network and its best epoch.
        evaluation: What it does on the test images.
    """

    trained: "Trained"
    evaluation: Evaluation


def train(recipe=None, dataset=None, root="runs", name=None, callbacks=(), say=print):
    """Trains a network with attention, tests it once and writes a report.

    Args:
        recipe: A `regard.training.Recipe`; the tutorial's by default.
        dataset: A `regard.datasets.Dataset`; by default the one that the recipe names.
        root: Folder of all runs.
        name: Name of the run; by default the data set's, counted up.
        callbacks: Keras callbacks, such as a progress bar.
        say: Called with the line that tells how the network is computed, and why.

    Returns:
        A `Result`; the run folder holds `report.html`.

    Raises:
        DataError: If the data cannot be used.
        UsageError: If the data set is not known or the run's name is in use.
        Stopped: At Ctrl-C, after saving what was trained.
    """
    from regard.reports.run import finish_run
    from regard.training.training import train_run

    recipe = recipe or Recipe()
    dataset = dataset or datasets.load_for(recipe)
    trained = train_run(recipe, dataset, Path(root), name, callbacks, say)
    return Result(trained, finish_run(trained, dataset, recipe))


def resume(folder, recipe=None, dataset=None, callbacks=(), say=print, force=False):
    """Goes on with an interrupted training, tests the network once and writes the report.

    The weights, and all else but the seconds, become what they would be without interruption.

    Args:
        folder: The run folder.
        recipe: A `regard.training.Recipe`; the run's by default.
        dataset: A `regard.datasets.Dataset`; by default the one that the run names.
        callbacks: Keras callbacks, such as a progress bar.
        say: Called with lines that tell how the network is computed, and what changed.
        force: Whether to go on although something changed that changes the result.

    Returns:
        A `Result`.

    Raises:
        DataError: If `folder` is no run, or its images are not found.
        UsageError: If something changed and `force` is not given.
        Stopped: At Ctrl-C, after saving what was trained.
    """
    from regard.reports.run import finish_run
    from regard.training.resume import read_run_recipe
    from regard.training.run import read_config
    from regard.training.training import resume_run

    folder = Path(folder)
    recipe = recipe or read_run_recipe(folder)
    dataset = dataset or load_run_data(read_config(folder))
    trained = resume_run(folder, recipe, dataset, callbacks, say, force)
    return Result(trained, finish_run(trained, dataset, recipe))


def load_run_data(config, data=None):
    """Loads the data set that a run was trained on.

    Args:
        config: The run's configuration, from `regard.training.run.read_config`.
        data: Folder with the data set's files, or None.

    Raises:
        DataError: If the images found here are not those of the run.
    """
    recipe = changed(config["recipe"])
    name = config["data"]["name"]
    if name not in datasets.names() or recipe.dataset not in datasets.names():
        name = str(_own_data(Path(config["data"]["source"]), data))
        dataset = datasets.load_for(recipe.model_copy(update={"dataset": name}))
    else:
        name = name if data is None else recipe.dataset
        dataset = datasets.load(name, data)
    if dict(dataset.provenance.sha256) != config["data"]["sha256"]:
        raise DataError(
            f"The run was trained on {name} from {config['data']['source']}, but "
            f"{dataset.provenance.source} holds other files. Give the run's with --data FOLDER."
        )
    return dataset


def _own_data(source, data):
    """Returns where own photos or arrays are: a folder, or a file in a folder."""
    if data is None:
        return source
    return Path(data) / source.name if source.suffix.lower() in _FILES else Path(data)

"""`regard train`."""

import contextlib
from pathlib import Path
from typing import Literal

from cyclopts.types import ExistingDirectory, ExistingFile

from regard.cli.keras_quietly import load_keras
from regard.cli.output import notify, print_json
from regard.errors import UsageError


def train(
    dataset: str | None = None,
    /,
    *,
    recipe: str | None = None,
    network: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int | None = None,
    image_size: int | None = None,
    group_by: str | None = None,
    class_weights: Literal["none", "balanced"] | None = None,
    loop: Literal["regard", "keras"] | None = None,
    config: ExistingFile | None = None,
    data: ExistingDirectory | None = None,
    strict: bool = False,
    resume: ExistingDirectory | None = None,
    force: bool = False,
    name: str | None = None,
    runs: Path = Path("runs"),
    json: bool = False,
):
    """Train a network with attention and write a report.

    Parameters
    ----------
    dataset
        Name of the data set, fashion-mnist by default; or a folder with a folder of photos for
        each class; a CSV file with the columns path and label, and split and group if you like;
        a .npz file with images and labels, or x_train, y_train, x_test and y_test; or a folder of
        IDX files named as MNIST's.
    recipe
        tutorial, which is the default; fast: two epochs, a rising and falling learning rate; or
        regard-fast: a better network, eleven epochs. For photos the default is photos.
    network
        tutorial, regard_fast, resnet9, resnet20, mobilenetv2_small or convnext_nano; by default
        the recipe's.
    epochs
        Passes over the training images; 10 by default.
    batch_size
        Images a step; 64 by default.
    learning_rate
        Adam's learning rate; 0.001 by default.
    seed
        Seed of the split, the weights and the order of the images; 0 by default.
    image_size
        Rows and columns that photos are stretched to; 96 by default, or their own size.
    group_by
        Photos that lie on one side together, such as a patient's: folder for those of a folder
        inside the class folder, or of a CSV file's column group (which rules anyway); or a
        pattern with one capturing group, searched for in each path, such as "(patient[0-9]+)_".
    class_weights
        balanced, for weights in the loss with which all classes count the same, however many
        photos they have; none by default.
    loop
        regard for the fast loop, which is the default; keras for Keras's own model.fit.
    config
        A TOML file with any of these settings; options win over it.
    data
        Folder with the data set's files.
    strict
        Exit with 3 before any training if a photo cannot be read.
    resume
        Run folder of a training that was interrupted; it goes on exactly there.
    force
        With --resume: go on although settings, versions or cores are others now.
    name
        Name of the run; by default the data set's, counted up.
    runs
        Folder of all runs.
    json
        Print the result as JSON.
    """
    settings = {
        "dataset": dataset,
        "network": network,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "image_size": image_size,
        "group_by": group_by,
        "class_weights": class_weights,
        "loop": loop,
    }
    if resume is None:
        if force:
            raise UsageError("--force is for --resume RUN; a run is never overwritten.")
        result = _train(settings, recipe, config, data, strict, name, runs)
    else:
        _refuse_with_resume(recipe=recipe, config=config, name=name, strict=strict or None)
        result = _resume(resume, settings, data, force)
    folder = result.trained.folder
    if json:
        print_json({"run": str(folder), "test": result.evaluation.to_dict()})
        return
    print(result.evaluation.summary())
    print(f"Report: {folder / 'report.html'}")
    print(f"Next:   regard explain {folder}")


def _train(settings, recipe, config, data, strict, name, runs):
    from regard import datasets
    from regard.training.recipe import read_recipe

    if settings["dataset"] and recipe is None and config is None:
        recipe = "photos" if datasets.holds_photos(settings["dataset"]) else None
    settings = read_recipe(config, recipe, **settings)
    loaded = datasets.load_for(settings, data, strict)
    notify(loaded.provenance.notice)
    load_keras()
    from regard.pipeline import train as run_training

    with _bar() as bar:
        return run_training(settings, loaded, runs, name, [bar], notify)


def _resume(folder, settings, data, force):
    from regard.pipeline import load_run_data
    from regard.training.recipe import changed
    from regard.training.run import read_config

    config = read_config(folder)
    loaded = load_run_data(config, data)
    settings = changed(config["recipe"], **settings)
    load_keras()
    from regard.pipeline import resume as go_on

    with _bar() as bar:
        return go_on(folder, settings, loaded, [bar], notify, force)


def _refuse_with_resume(**options):
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        raise UsageError(
            f"{given[0]} does not go with --resume, which goes on in the run's folder."
        )


@contextlib.contextmanager
def _bar():
    from regard.cli.progress import ProgressBar

    bar = ProgressBar()
    try:
        yield bar
    finally:
        bar.close()

"""`regard train`."""

from pathlib import Path
from typing import Literal

from cyclopts.types import ExistingDirectory, ExistingFile

from regard.cli.keras_quietly import load_keras
from regard.cli.output import notify, print_json


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
    loop: Literal["regard", "keras"] | None = None,
    config: ExistingFile | None = None,
    data: ExistingDirectory | None = None,
    name: str | None = None,
    runs: Path = Path("runs"),
    json: bool = False,
):
    """Train a network with attention and write a report.

    Parameters
    ----------
    dataset
        Name of the data set; fashion-mnist by default.
    recipe
        tutorial, which is the default; fast: two epochs, a rising and falling learning rate; or
        regard-fast: a better network, thirteen epochs.
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
    loop
        regard for the fast loop, which is the default; keras for Keras's own model.fit.
    config
        A TOML file with any of these settings; options win over it.
    data
        Folder with the data set's files.
    name
        Name of the run; by default the data set's, counted up.
    runs
        Folder of all runs.
    json
        Print the result as JSON.
    """
    from regard.training.recipe import read_recipe

    settings = read_recipe(
        config,
        recipe,
        dataset=dataset,
        network=network,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        loop=loop,
    )
    from regard import datasets

    loaded = datasets.load(settings.dataset, data)
    notify(loaded.provenance.notice)

    load_keras()
    from regard.cli.progress import ProgressBar
    from regard.pipeline import train as run_training

    bar = ProgressBar()
    try:
        result = run_training(settings, loaded, runs, name, [bar], notify)
    finally:
        bar.close()
    folder = result.trained.folder
    if json:
        print_json({"run": str(folder), "test": result.evaluation.to_dict()})
        return
    print(result.evaluation.summary())
    print(f"Report: {folder / 'report.html'}")
    print(f"Next:   regard explain {folder}")

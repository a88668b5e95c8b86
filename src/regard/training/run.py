"""A run folder: everything that one training leaves behind, never overwritten."""

import csv
import io
import json
import os
import platform
import tomllib
from importlib.metadata import version
from pathlib import Path

from regard.errors import DataError
from regard.files import new_folder, read_bounded, whole_file, write_text
from regard.models import stored
from regard.models.kinds import refuse_kind

MAX_CONFIG_BYTES = 1 << 20
REPEATABLE = (
    "on a CPU the same seed gives the same weights, bit for bit, on one machine with the same "
    "versions and number of cores; another number of cores rounds otherwise"
)
METRICS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds")


def new_run_folder(root: Path, default_name: str, name: str | None = None) -> Path:
    """Makes an empty run folder.

    Args:
        root: Folder of all runs; made if it does not exist.
        default_name: Name where none was asked for; it counts up.
        name: The name asked for; it must not be in use.

    Raises:
        UsageError: If `name` is in use or is not a plain name, or if `root` cannot hold runs.
    """
    folder = new_folder(root, default_name, name, "run")
    (folder / "checkpoints").mkdir()
    return folder


def write_config(folder: Path, recipe, dataset) -> None:
    """Writes `config.toml` (resolved) and `environment.json`."""
    import tomli_w

    config = {
        "recipe": recipe.model_dump(exclude_none=True),
        "data": {
            "name": dataset.name,
            "class_names": list(dataset.class_names),
            "source": dataset.provenance.source,
            "notice": dataset.provenance.notice,
            "sha256": dict(dataset.provenance.sha256),
        },
    }
    write_text(folder / "config.toml", tomli_w.dumps(config))
    write_text(folder / "environment.json", json.dumps(environment(), indent=2) + "\n")


def read_config(folder: Path) -> dict:
    """Reads a run's `config.toml`; raises `DataError` if `folder` is no run."""
    refuse_kind(Path(folder))
    file = Path(folder) / "config.toml"
    try:
        content = read_bounded(file, MAX_CONFIG_BYTES)
    except DataError as error:
        raise DataError(f"{folder} is no run folder: {error} `regard train` makes one.") from None
    try:
        config = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{file} is damaged: {error}.") from None
    if not {"recipe", "data"} <= set(config):
        raise DataError(f"{folder} is no run folder: {file} has no [recipe] and [data].")
    return config


def environment() -> dict:
    """Returns the versions and the machine that a result depends on, without loading Keras."""
    from regard import backend

    packages = ["regard", "keras", "numpy", *backend.installed()]
    return {
        "backend": backend.choose(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "packages": {name: version(name) for name in packages},
    }


def what_decides(environment: dict) -> dict:
    """Returns of an `environment` what decides a training's numbers, as far as it is known.

    Example:
        >>> what_decides({"backend": "jax", "machine": "arm64", "packages": {"jax": "0.5"}})
        {'backend': 'jax', 'machine': 'arm64', 'jax': '0.5'}
    """
    known = {name: environment.get(name) for name in ("backend", "machine")}
    packages = environment.get("packages", {})
    names = ("regard", "keras", "numpy", known["backend"])
    return known | {name: packages[name] for name in names if name in packages}


def write_metrics(folder: Path, rows: list[dict]) -> None:
    """Writes a run's epochs to `metrics.csv`, whole; raises `RegardError` if the disk is full."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, METRICS)
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "metrics.csv", stream.getvalue())


def read_metrics(folder: Path) -> list[dict]:
    """Returns a run's epochs as dictionaries of numbers."""
    with (folder / "metrics.csv").open(newline="", encoding="utf-8") as stream:
        return [
            {name: int(value) if name == "epoch" else float(value) for name, value in row.items()}
            for row in csv.DictReader(stream)
        ]


def save_model(model, folder: Path, network: str) -> None:
    """Writes the network of a run: `model.keras` for plain Keras, and the files that regard reads.

    Args:
        model: The network.
        folder: The run folder.
        network: Name of the preset that made it.

    Raises:
        RegardError: If the disk is full.
    """
    with whole_file(folder / "model.keras") as temporary:
        model.save(temporary)
    stored.write(model, folder, network)


def has_model(folder: Path) -> bool:
    """Whether a run has a network, of this version or an older one."""
    return any((folder / name).exists() for name in (stored.MODEL, "model.keras"))

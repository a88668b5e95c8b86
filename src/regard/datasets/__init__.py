"""Data sets by name, and the reading and checking of pictures and labels."""

import os
from pathlib import Path

from regard.datasets import fashion_mnist
from regard.datasets.dataset import Dataset, Provenance, Split
from regard.datasets.idx_folder import holds_idx, load_idx
from regard.datasets.npz_file import load_npz
from regard.errors import UsageError, nearest

__all__ = [
    "Dataset",
    "Provenance",
    "Split",
    "fashion_mnist",
    "holds_photos",
    "load",
    "load_for",
    "names",
]


def load(
    name: str = "fashion-mnist", folder: str | os.PathLike | None = None, progress: bool = True
) -> Dataset:
    """Loads a data set.

    Args:
        name: One of `names()`.
        folder: A folder with the data set's files; None looks in the usual places.
        progress: Whether a download shows a bar if stderr is a terminal.

    Returns:
        Images uint8, 0…255, and labels int64, split in `train` and `test`.

    Raises:
        UsageError: There is no data set of that name.
        DataError: The folder lacks a file, or a file is damaged or altered.

    Example:
        >>> load("fashion-mnist-sample").test.images.shape
        (1000, 28, 28)
    """
    if name not in _LOADERS:
        raise UsageError(f"There is no data set {name!r}. {nearest(name, _LOADERS)}")
    return _LOADERS[name](folder, progress)


def load_for(recipe, folder: str | os.PathLike | None = None, strict: bool = False) -> Dataset:
    """Loads what a recipe names: a data set, photos in a folder or a table, or arrays.

    Args:
        recipe: A `regard.training.Recipe`.
        folder: A folder with the data set's files; None looks in the usual places.
        strict: Whether a photo that cannot be read is an error.

    Raises:
        UsageError: There is no data set, folder or file of that name, or it holds no photos and
            the recipe has a setting for these.
        DataError: Files lack, are damaged or altered.
    """
    if not holds_photos(recipe.dataset):
        _refuse_settings_of_photos(recipe)
    if recipe.dataset in _LOADERS:
        return load(recipe.dataset, folder)
    source, validation = Path(recipe.dataset), recipe.validation_fraction
    if holds_photos(source):
        from regard.datasets.photos import load_photos

        return load_photos(source, recipe.image_size, validation, strict, recipe.group_by)
    if source.is_dir():
        return load_idx(source, validation)
    if source.suffix.lower() == ".npz" and source.is_file():
        return load_npz(source, validation)
    raise UsageError(
        f"There is no data set, no folder and no .csv or .npz file {recipe.dataset!r}. "
        f"{nearest(recipe.dataset, _LOADERS)}"
    )


def holds_photos(source: str | os.PathLike) -> bool:
    """Whether there is a folder, not one of IDX files, or a CSV file of that name.

    Example:
        >>> holds_photos("no-such-folder")
        False
    """
    path = Path(source)
    if path.is_dir():
        return not holds_idx(path)
    return path.suffix.lower() == ".csv" and path.is_file()


def names() -> list[str]:
    """Returns the names that `load` knows.

    Example:
        >>> names()
        ['fashion-mnist', 'fashion-mnist-sample']
    """
    return sorted(_LOADERS)


def _refuse_settings_of_photos(recipe):
    """Refuses what other images have no use for; that there are none is told elsewhere."""
    there = recipe.dataset in _LOADERS or Path(recipe.dataset).exists()
    for name in ("group_by", "image_size"):
        if there and getattr(recipe, name) is not None:
            raise UsageError(
                f"--{name.replace('_', '-')} goes with photos, in a folder or a CSV file; "
                f"{recipe.dataset} is neither."
            )


def _load_sample(folder, progress):
    if folder is not None:
        raise UsageError(
            "fashion-mnist-sample lies inside regard and takes no folder. "
            "Leave the folder out, or ask for fashion-mnist."
        )
    return fashion_mnist.load_sample()


_LOADERS = {"fashion-mnist": fashion_mnist.load, "fashion-mnist-sample": _load_sample}

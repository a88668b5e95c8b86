"""Reads a trained model from a run folder or a `.keras` file."""

import zipfile
from pathlib import Path

from regard.errors import DataError


def load(path):
    """Loads a model with its weights.

    Args:
        path: A run folder, which holds `model.keras`, or a `.keras` file.

    Returns:
        The Keras model, with regard's layers known.

    Raises:
        DataError: If nothing is there, or if the file is cut off or no `.keras` file.
    """
    path = Path(path)
    file = path / "model.keras" if path.is_dir() else path
    if not file.exists():
        raise DataError(
            f"No model at {file}. Give a run folder that `regard train` made, or a .keras file."
        )
    if not _is_keras_file(file):
        raise DataError(f"{file} is cut off or is no .keras file. Train again or restore it.")
    import keras

    return keras.models.load_model(file)


def _is_keras_file(file):
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return "config.json" in archive.namelist()

"""Reads a trained model from a run folder, or from a `.keras` file that is trusted."""

from pathlib import Path

from regard.errors import DataError
from regard.models.kinds import refuse_kind


def load(path, trust=False):
    """Loads a model with its weights; not compiled.

    Args:
        path: A run folder, or a `.keras` file.
        trust: Whether to read a `.keras` file; who made it is trusted then. It is checked, and
            read in a process of its own first. Only layers of Keras and of regard are known.

    Returns:
        The Keras model.

    Raises:
        DataError: If nothing is there, if the files do not hold what they should, if they would
            take too much memory or time, or if they would need to be trusted.

    Example:
        >>> load("model.h5")
        Traceback (most recent call last):
        regard.errors.DataError: model.h5 is an HDF5 file, whose model may hold code and which \
Keras no longer writes. Save the model as .keras where it was made.
    """
    path = Path(path)
    refuse_kind(path)
    if not path.exists():
        raise DataError(
            f"No model at {path}. Give a run folder that `regard train` made, or a .keras file."
        )
    if not path.is_dir():
        return _foreign(path, trust)
    from regard.models import stored

    if (path / stored.MODEL).exists():
        return stored.read(path)
    if (path / "model.keras").exists():
        return _foreign(path / "model.keras", trust)
    raise DataError(f"No model at {path / stored.MODEL}. Give a run folder of `regard train`.")


def _foreign(file, trust):
    if not trust:
        raise DataError(
            f"{file} is a .keras file, which may hold code or take all memory, and is read only "
            "if you trust who made it: --trust, in Python load(path, trust=True)."
        )
    from regard.models.foreign import load_foreign

    return load_foreign(file)

"""Kinds of files that are never read as models, told by name and content, and why."""

from pathlib import Path

from regard.errors import DataError

_PICKLE = "is a pickle, which can run any code when it is read"
_HDF5 = "is an HDF5 file, whose model may hold code and which Keras no longer writes"
_INSTEAD = "Save the model as .keras where it was made."
_SUFFIXES = {
    **dict.fromkeys((".h5", ".hdf5"), _HDF5),
    **dict.fromkeys((".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".bin"), _PICKLE),
    ".npy": "may hold a pickle, which can run any code when it is read",
    ".npz": "may hold a pickle, which can run any code when it is read",
    ".pb": "is a TensorFlow graph, which can read and write files when it runs",
    ".onnx": "is an ONNX file, which `regard predict` reads from inside a run folder alone",
}
_STARTS = {b"\x89HDF\r\n\x1a\n": _HDF5, **{bytes([128, n]): _PICKLE for n in range(2, 6)}}


def refuse_kind(path: Path) -> None:
    """Refuses a file that cannot be trusted whatever is in it.

    Raises:
        DataError: If the file is HDF5, a pickle, a TensorFlow graph, a NumPy archive or ONNX.

    Example:
        >>> refuse_kind(Path("model.pkl"))
        Traceback (most recent call last):
        regard.errors.DataError: model.pkl is a pickle, which can run any code when it is read. \
Save the model as .keras where it was made.
    """
    reason = _SUFFIXES.get(path.suffix.lower()) or _by_content(path)
    if reason and not path.is_dir():
        raise DataError(f"{path} {reason}. {_INSTEAD}")


def _by_content(path):
    if not path.is_file():
        return None
    with path.open("rb") as file:
        start = file.read(8)
    return next((reason for known, reason in _STARTS.items() if start.startswith(known)), None)

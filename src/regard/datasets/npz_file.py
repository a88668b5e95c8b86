"""Reads images and labels from a `.npz` file."""

import hashlib
import math
import os
import zipfile
from pathlib import Path

import numpy as np

from regard.datasets.dataset import Dataset, Provenance
from regard.datasets.own_arrays import as_dataset
from regard.errors import DataError

LIMIT = 4 * 2**30  # bytes of all arrays together
_TRAIN = (("x_train", "y_train"), ("images", "labels"))
_TEST = ("x_test", "y_test")
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def load_npz(file: str | os.PathLike, validation: float = 0.1) -> Dataset:
    """Loads a data set from a file of NumPy arrays; no code in it is run.

    Args:
        file: A `.npz` file with the arrays `images` and `labels`, or `x_train` and `y_train`; if
            wanted `x_test` and `y_test`, and `class_names`, a string for each label. What they
            may hold is said at `regard.datasets.own_arrays.as_dataset`.
        validation: Part of the images that are not tested on, to validate on.

    Raises:
        DataError: If the file cannot be read, lacks an array, unpacks to more than 4 GiB, or holds
            arrays that cannot be used.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "noise.npz")
        >>> images = np.random.default_rng(0).integers(0, 256, (100, 8, 8), np.uint8)
        >>> np.savez_compressed(file, images=images, labels=np.arange(100) % 2)
        >>> len(load_npz(file).test)
        21
    """
    file = Path(file)
    arrays = _read(file)
    train = next(pair for pair in _TRAIN if pair[0] in arrays)
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return as_dataset(
        file.stem,
        [arrays[name] for name in train],
        [arrays[name] for name in _TEST] if _TEST[0] in arrays else None,
        _class_names(file, arrays.get("class_names")),
        Provenance(str(file.resolve()), {file.name: sha256}),
        validation,
    )


def _read(file):
    try:
        with zipfile.ZipFile(file) as archive:
            names = _wanted(file, archive)
            _check_size(file, archive, names)
            for name in names:
                _check_header(file, archive, name)
            return {name: _array(archive, name) for name in names}
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error}).") from error
    except Exception as error:  # zipfile and its decoders raise nearly anything on broken files
        raise DataError(f"{file}: cut off, damaged or no .npz file ({error}).") from error


def _wanted(file, archive):
    there = [name.removesuffix(".npy") for name in archive.namelist()]
    train = next((pair for pair in _TRAIN if set(pair) <= set(there)), None)
    if train is None:
        raise DataError(
            f"{file} holds the arrays {', '.join(there) or 'none'}; it needs images and labels, or "
            "x_train and y_train (and x_test and y_test)."
        )
    test = [name for name in _TEST if name in there]
    if len(test) == 1:
        raise DataError(f"{file} holds {test[0]} alone of {' and '.join(_TEST)}.")
    return [*train, *test, *(["class_names"] if "class_names" in there else [])]


def _check_size(file, archive, names):
    """Looks at the sizes that the file's directory tells; no more than these is ever unpacked."""
    total = sum(archive.getinfo(f"{name}.npy").file_size for name in names)
    if total > LIMIT:
        raise DataError(f"{file} unpacks to {total:,} bytes, more than {LIMIT:,}. Make it smaller.")


def _check_header(file, archive, name):
    """Looks at the type and shape of an array before it is unpacked."""
    with archive.open(f"{name}.npy") as stream:
        shape, _, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
    if dtype.hasobject:
        raise DataError(
            f"{file}: {name} holds Python objects, which are not loaded, since that may run code. "
            "Save numbers, or strings as NumPy's str_."
        )
    if math.prod(shape) * dtype.itemsize > archive.getinfo(f"{name}.npy").file_size:
        raise DataError(f"{file}: damaged, {name} is shorter than its shape {shape} asks for.")


def _array(archive, name):
    with archive.open(f"{name}.npy") as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def _class_names(file, names):
    if names is None:
        return None
    if names.ndim != 1 or names.dtype.kind != "U" or len(set(names.tolist())) < len(names):
        raise DataError(
            f"{file}: class_names is {names.dtype} of shape {names.shape}; it must hold different "
            "strings, one for each label."
        )
    return tuple(names.tolist())

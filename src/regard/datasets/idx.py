"""Reads IDX files, the format of MNIST and its relatives."""

import gzip
import hashlib
import math
import os
import zlib
from pathlib import Path

import numpy as np

from regard.errors import DataError

LIMIT = 64 * 2**20  # bytes; the largest file of Fashion-MNIST has 45 MiB
_UINT8 = 8
_WAY_OUT = "Delete it and download it again."


def read(path: str | os.PathLike, limit: int = LIMIT) -> tuple[np.ndarray, str]:
    """Reads an IDX file of bytes, packed with gzip or plain.

    Args:
        path: The file; whether it is packed is seen from its content.
        limit: Most bytes that it may unpack to.

    Returns:
        The uint8 array that the file holds, and the SHA-256 of its unpacked bytes.

    Raises:
        DataError: The file cannot be read, is cut off, is no IDX file of bytes, or unpacks to
            more than the limit.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "labels")
        >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 9, 0, 7]))
        >>> read(path)[0]
        array([9, 0, 7], dtype=uint8)
    """
    path = Path(path)
    raw = _unpack(path, limit)
    return _parse(raw, path), hashlib.sha256(raw).hexdigest()


def _unpack(path, limit):
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            raw = gzip.GzipFile(fileobj=file).read(limit + 1) if packed else file.read(limit + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: cut off or damaged ({error}). {_WAY_OUT}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    if len(raw) > limit:
        raise DataError(f"{path}: unpacks to more than {limit} bytes. {_WAY_OUT}")
    return raw


def _parse(raw, path):
    if len(raw) < 4 or raw[:3] != bytes([0, 0, _UINT8]) or not 1 <= raw[3] <= 4:
        raise DataError(f"{path}: not an IDX file of bytes (starts {raw[:4].hex()!r}). {_WAY_OUT}")
    start = 4 + 4 * raw[3]
    shape = tuple(int.from_bytes(raw[i : i + 4], "big") for i in range(4, start, 4))
    if len(raw) != start + math.prod(shape):
        raise DataError(
            f"{path}: {len(raw)} bytes, but its header {shape} asks for "
            f"{start + math.prod(shape)}. {_WAY_OUT}"
        )
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape).copy()

"""The parts of a `.keras` archive, read within bounds and in memory; nothing is unpacked."""

import io
import json
import zipfile
import zlib

from regard.errors import DataError
from regard.files import read_bounded

MAX_BYTES = 2 << 30
MAX_CONFIG_BYTES = 16 << 20
_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_MEMBERS = {"metadata.json", _CONFIG, _WEIGHTS}
_MAX_DIRECTORY_BYTES = 4096
_MAX_RATIO = 100
_END_BYTES = 22
_HDF5 = b"\x89HDF\r\n\x1a\n"


def read_archive(path):
    """Reads the configuration and the weights out of a `.keras` file.

    Args:
        path: The file.

    Returns:
        The configuration, a dictionary that is not checked yet, and the bytes of the HDF5 weights.

    Raises:
        DataError: If the file is over 2 GiB or is not exactly one zip archive with exactly the
            three members that Keras writes; if a member is over its bound, packed over 1 : 100,
            encrypted or damaged; or if the configuration is no JSON object.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> file = Path(tempfile.mkdtemp(), "model.keras")
        >>> file.write_bytes(b"text") and read_archive(file)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        regard.errors.DataError: ...model.keras is no .keras file, or is cut off: no zip archive.
    """
    try:
        config, weights = _members(read_bounded(path, MAX_BYTES))
        if not weights.startswith(_HDF5):
            raise ValueError(f"{_WEIGHTS} is no HDF5 file")
        return parse(config), weights
    except (ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is no .keras file, or is cut off: {str(error)[:300]}.") from None


def parse(config):
    """Returns a JSON object; raises `ValueError` for anything else, doubled names among it."""
    try:
        found = json.loads(
            config.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_refuse
        )
    except RecursionError:
        raise ValueError(f"{_CONFIG} is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"{_CONFIG} is no JSON object")
    return found


def _without_doubles(pairs):
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError(f"{_CONFIG} names something twice")
    return names


def _refuse(constant):
    raise ValueError(f"{_CONFIG} holds {constant}")


def _members(content):
    _check_whole(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
        names = [info.filename for info in infos]
        if len(names) != len(_MEMBERS) or set(names) != _MEMBERS:
            raise ValueError(f"its members are {', '.join(map(_short, sorted(names)))}")
        if sum(info.compress_size for info in infos) > len(content):
            raise ValueError("its members overlap")
        return [
            _read(archive, name, limit)
            for name, limit in ((_CONFIG, MAX_CONFIG_BYTES), (_WEIGHTS, MAX_BYTES))
        ]


def _check_whole(content):
    """Checks that the archive begins with the bytes, ends with them and has a small directory.

    So it is no other file at the same time, and its directory takes no memory to speak of.
    """
    end = content[-_END_BYTES:]
    if not content.startswith(b"PK\3\4") or not end.startswith(b"PK\5\6"):
        raise ValueError("no zip archive")
    size, start = (int.from_bytes(end[at : at + 4], "little") for at in (12, 16))
    if size > _MAX_DIRECTORY_BYTES or start + size + _END_BYTES != len(content):
        raise ValueError("its directory is too large or not at its end")


def _read(archive, name, limit):
    info = archive.getinfo(name)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        raise ValueError(f"{name} is packed or encrypted in a way that Keras does not use")
    if info.file_size > min(limit, _MAX_RATIO * max(info.compress_size, 1)):
        raise ValueError(f"{name} unpacks to {info.file_size:,} bytes, which is too much")
    try:
        with archive.open(info) as member:
            return member.read(info.file_size + 1)
    except zlib.error as error:
        raise ValueError(f"{name} is damaged ({error})") from None


def _short(name):
    return ascii(name[:40])

"""Arrays by name as safetensors bytes: no code in them, and bounded to read."""

import json
import math

import numpy as np

from regard.errors import DataError

MAX_BYTES = 2 << 30
MAX_HEADER_BYTES = 4 << 20
_KINDS = {
    "BOOL": "bool",
    "I8": "int8",
    "U8": "uint8",
    "I16": "int16",
    "U16": "uint16",
    "I32": "int32",
    "U32": "uint32",
    "I64": "int64",
    "U64": "uint64",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
}
_FIELDS = {"dtype", "shape", "data_offsets"}


def to_bytes(arrays):
    """Returns NumPy arrays by name as the bytes of a safetensors file.

    Example:
        >>> from_bytes(to_bytes({"a": np.ones((2, 1), "float32")}), "x")["a"].tolist()
        [[1.0], [1.0]]
    """
    from safetensors.numpy import save

    return save({name: np.asarray(array, order="C") for name, array in arrays.items()})


def from_bytes(payload, source):
    """Returns the arrays that a safetensors file holds, as read-only views of its bytes.

    Only the header is parsed, so that this takes the memory of the header beyond the bytes.

    Args:
        payload: The bytes of the file.
        source: What the bytes are, for messages.

    Returns:
        NumPy arrays by name.

    Raises:
        DataError: If the bytes are no safetensors file: the header is over 4 MiB or not JSON, the
            arrays leave gaps, overlap or reach outside, or one is of an unknown kind.

    Example:
        >>> from_bytes(b"", "x.safetensors")
        Traceback (most recent call last):
        regard.errors.DataError: x.safetensors is no safetensors file: its header is cut off.
    """
    try:
        return _arrays(memoryview(payload))
    except ValueError as error:
        raise DataError(f"{source} is no safetensors file: {error}.") from None


def _arrays(payload):
    size = int.from_bytes(payload[:8], "little")
    if size > MAX_HEADER_BYTES:
        raise ValueError(f"its header of {size:,} bytes is over {MAX_HEADER_BYTES:,}")
    if len(payload) < 8 + size:
        raise ValueError("its header is cut off")
    data = payload[8 + size :].toreadonly()
    entries = sorted(_entries(bytes(payload[8 : 8 + size])), key=lambda entry: entry[3])
    end = 0
    for name, _, _, (start, stop) in entries:
        if start != end:
            raise ValueError(f"{name[:40]!a} leaves a gap or overlaps")
        end = stop
    if end != len(data):
        raise ValueError(f"its arrays take {end:,} bytes, but {len(data):,} follow the header")
    return {
        name: np.frombuffer(data[start:stop], kind).reshape(shape)
        for name, kind, shape, (start, stop) in entries
    }


def _entries(header):
    """Returns name, dtype, shape and place of each array; each place has the size of its array."""
    try:
        found = json.loads(header.decode("utf-8"), object_pairs_hook=_without_doubles)
    except RecursionError:
        raise ValueError("its header is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("its header is no JSON object")
    found.pop("__metadata__", None)
    return [_entry(name, entry) for name, entry in found.items()]


def _without_doubles(pairs):
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("its header names something twice")
    return names


def _entry(name, entry):
    if not isinstance(entry, dict) or set(entry) != _FIELDS:
        raise ValueError(f"{name[:40]!a} has not exactly {', '.join(sorted(_FIELDS))}")
    shape, place = entry["shape"], entry["data_offsets"]
    if not _are_counts(shape) or not _are_counts(place) or len(place) != 2 or len(shape) > 32:
        raise ValueError(f"{name[:40]!a} has a shape or a place that cannot be")
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in _KINDS:
        raise ValueError(f"{name[:40]!a} is of the unknown kind {str(entry['dtype'])[:20]!r}")
    kind = _dtype(_KINDS[entry["dtype"]])
    if place[1] - place[0] != math.prod(shape) * kind.itemsize:
        raise ValueError(f"{name[:40]!a} of shape {str(shape)[:80]} does not fill its place")
    return name, kind, shape, place


def _are_counts(numbers):
    return isinstance(numbers, list) and all(type(n) is int and 0 <= n < 2**48 for n in numbers)


def _dtype(name):
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name).newbyteorder("<")

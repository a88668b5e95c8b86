import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError, deserialize

from regard.arrays import from_bytes, to_bytes
from regard.errors import DataError

KINDS = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ml_dtypes.bfloat16]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4, 5)])
def test_reads_what_it_wrote_and_what_the_library_reads(kind, shape):
    rng = np.random.default_rng(0)
    arrays = {n: (rng.random(shape) * 9).astype(kind) for n in ("a", "b/ü", "")}
    payload = to_bytes(arrays)
    found = from_bytes(payload, "x")
    assert set(found) == set(arrays)
    for name, entry in deserialize(payload):
        assert found[name].dtype == np.dtype(kind)
        assert found[name].shape == tuple(entry["shape"]) == shape
        assert found[name].tobytes() == bytes(entry["data"]) == arrays[name].tobytes()


def test_arrays_are_views_that_cannot_be_written():
    payload = to_bytes({"a": np.ones(1000)})
    array = from_bytes(payload, "x")["a"]
    assert np.shares_memory(array, np.frombuffer(payload, np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 2


GOOD = to_bytes({"a": np.ones((2, 3), "float32"), "b": np.arange(3)})


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_takes_nothing_that_the_library_does_not(place, value):
    payload = bytearray(GOOD)
    payload[place] = value
    try:
        found = from_bytes(bytes(payload), "x")
    except DataError as error:
        assert str(error).startswith("x is no safetensors file: ")
        return
    try:
        entries = dict(deserialize(bytes(payload)))
    except SafetensorError as error:
        pytest.fail(f"the library refuses it: {error}")
    assert {n: tuple(e["shape"]) for n, e in entries.items()} == {
        n: a.shape for n, a in found.items()
    }
    assert {n: bytes(e["data"]) for n, e in entries.items()} == {
        n: a.tobytes() for n, a in found.items()
    }

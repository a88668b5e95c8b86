import json
import os

import keras
import numpy as np
import pytest

from regard.errors import DataError, RegardError
from regard.training.checkpoint import load_weights, save_weights


def weights(model):
    return [keras.ops.convert_to_numpy(variable) for variable in model.variables]


def assert_same(first, second):
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert a.dtype == b.dtype
        assert a.tobytes() == b.tobytes()


@pytest.fixture
def file(tmp_path, tiny):
    save_weights(tiny(), tmp_path / "best.safetensors", {"epoch": 3})
    return tmp_path / "best.safetensors"


def test_round_trip_is_bit_equal(file, tiny):
    model = tiny(seed=1)
    assert load_weights(model, file) == {"epoch": 3}
    assert_same(weights(model), weights(tiny()))


@pytest.mark.parametrize("place", [0, 20, -1])
def test_altered_byte(file, tiny, place):
    payload = bytearray(file.read_bytes())
    payload[place] ^= 1
    file.write_bytes(payload)
    model = tiny(seed=1)
    with pytest.raises(DataError, match="damaged"):
        load_weights(model, file)
    assert_same(weights(model), weights(tiny(seed=1)))


def test_cut_off(file, tiny):
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(DataError, match="damaged"):
        load_weights(tiny(), file)


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_missing_file(file, tiny, suffix):
    file.with_suffix(suffix).unlink()
    with pytest.raises(DataError, match="cannot be read"):
        load_weights(tiny(), file)


@pytest.mark.parametrize("text", ["{", "", "\udcff"])
def test_broken_json(file, tiny, text):
    file.with_suffix(".json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DataError, match="cannot be read"):
        load_weights(tiny(), file)


@pytest.mark.parametrize("manifest", [[], None, {}, {"sha256": "0"}])
def test_json_without_the_digest(file, tiny, manifest):
    file.with_suffix(".json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="damaged"):
        load_weights(tiny(), file)


def test_other_model(file, tiny):
    with pytest.raises(DataError, match="another model"):
        load_weights(tiny(units=3), file)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(tmp_path, tiny, value):
    broken, model = tiny(), tiny(seed=1)
    broken.variables[-1].assign(np.full(broken.variables[-1].shape, value))
    save_weights(broken, tmp_path / "nan.safetensors", {})
    with pytest.raises(DataError, match="not finite"):
        load_weights(model, tmp_path / "nan.safetensors")
    assert_same(weights(model), weights(tiny(seed=1)))


def test_full_disk_keeps_the_earlier_checkpoint(file, tiny, monkeypatch, full_disk):
    before = {path.name: path.read_bytes() for path in file.parent.iterdir()}
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(RegardError, match="disk is full"):
        save_weights(tiny(seed=1), file, {"epoch": 4})
    assert {path.name: path.read_bytes() for path in file.parent.iterdir()} == before

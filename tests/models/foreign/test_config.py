import json

import keras
import pytest

import regard.layers.registered  # noqa: F401
from regard.errors import DataError
from regard.layers.registry import LAYERS, make_layer
from regard.models.foreign import config, known


def saved(*parts):
    model = keras.Sequential(parts)
    return json.loads(json.dumps(keras.saving.serialize_keras_object(model)))


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_every_attention_layer_passes(name):
    found = saved(make_layer(name))
    del found["compile_config"]
    assert config.checked_config(found, "x") == found


@pytest.mark.parametrize("module", sorted(known.OF_MODULE))
def test_every_known_name_exists_in_keras(module):
    import importlib

    found = vars(importlib.import_module(module))
    assert {n for n in known.OF_MODULE[module] if n not in found} == set()


def test_known_functions_are_those_of_keras():
    assert {n for n in known.FUNCTIONS if not callable(keras.activations.get(n))} == set()


def test_nothing_known_holds_code_or_reads_files():
    dangerous = {
        "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup",
        "IntegerLookup", "TextVectorization", "Hashing", "Layer", "Wrapper", "Pipeline",
    }  # fmt: skip
    assert not dangerous & set().union(*known.OF_MODULE.values())


def test_what_trains_is_left_out():
    found = saved(keras.layers.Dense(2)) | {"compile_config": {"loss": {"class_name": "x"}}}
    assert "compile_config" not in config.checked_config(found, "x")
    assert "compile_config" in found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": config.MAX_SIZE}, None),
        ({"units": config.MAX_SIZE + 1}, "'units' out of bounds"),
        ({"units": -config.MAX_SIZE - 1}, "'units' out of bounds"),
        ({"seed": 2**63}, None),
        ({"seed": 2**63 + 1}, "'seed' out of bounds"),
        ({"shape": [None, 1 << 14, 1 << 14]}, None),
        ({"shape": [None, 1 << 14, (1 << 14) + 1]}, "a shape out of bounds"),
        ({"shape": [None, -(1 << 14), 1 << 15]}, "a shape out of bounds"),
        ({"activation": "x" * 1000}, None),
        ({"activation": "x" * 1001}, "a text of 1,001 letters"),
        ({"x" * 1001: 0}, "a name of more than"),
        ({"x": {"module": "os"}}, "a module without a class"),
        ({"x": {"registered_name": "os"}}, "a module without a class"),
    ],
)
def test_bounds(change, message):
    found = saved(keras.layers.Dense(2))
    found["config"]["layers"][-1]["config"] |= change
    if message is None:
        config.checked_config(found, "x")
        return
    with pytest.raises(DataError, match=f"^x .*{message}.*refused\\.$"):
        config.checked_config(found, "x")

import hashlib
import os

import keras
import numpy as np
import pytest

import regard
from regard import models
from regard.errors import DataError
from regard.models import stored
from regard.models.weights import pack


def filled(network="tutorial", seed=0, shape=(16, 18, 3), classes=4):
    model = getattr(models, network)(shape, classes)
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        variable.assign(rng.random(variable.shape))
    return model


def values(model):
    return [keras.ops.convert_to_numpy(variable).tobytes() for variable in model.variables]


@pytest.mark.parametrize("network", models.PRESETS)
def test_each_network_comes_back_with_its_weights(tmp_path, network):
    model = filled(network)
    stored.write(model, tmp_path, network)
    loaded = regard.load(tmp_path)
    assert values(loaded) == values(model)
    x = np.random.default_rng(1).random((2, 16, 18, 3), dtype="float32")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert stored.read_description(tmp_path).network == network


def test_the_names_do_not_depend_on_what_else_was_built(tmp_path):
    first, second = filled(), filled()
    assert pack(first) == pack(second)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writing_again_leaves_one_pair_and_other_files_alone(tmp_path):
    (tmp_path / "model-mine.safetensors").touch()
    for seed in (0, 1):
        stored.write(filled(seed=seed), tmp_path, "tutorial")
    description = stored.read_description(tmp_path)
    assert files(tmp_path) == sorted(["model-mine.safetensors", "model.json", description.file])
    assert values(regard.load(tmp_path)) == values(filled(seed=1))


class Cut(BaseException):
    """A kill, of which no code is told."""


@pytest.mark.parametrize("at", range(7))
def test_a_kill_at_any_instant_leaves_one_of_both_whole(tmp_path, monkeypatch, at):
    old, new = filled(seed=0), filled(seed=1)
    stored.write(old, tmp_path, "tutorial")
    left = at

    def cut(call):
        def instead(*args, **kwargs):
            nonlocal left
            left -= 1
            if left == -1:
                raise Cut
            return call(*args, **kwargs)

        return instead

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", cut(os.fsync))
        for name in ("replace", "unlink"):
            owner = type(tmp_path)
            patch.setattr(owner, name, cut(getattr(owner, name)))
        with pytest.raises(Cut):
            stored.write(new, tmp_path, "tutorial")
    assert values(regard.load(tmp_path)) in (values(old), values(new))
    stored.write(new, tmp_path, "tutorial")
    assert values(regard.load(tmp_path)) == values(new)


@pytest.mark.parametrize("network", models.PRESETS)
@pytest.mark.parametrize("shape", [(16, 16, 1), (33, 48, 3)])
def test_no_network_takes_less_than_what_is_known_before_it_is_built(network, shape):
    size = len(pack(getattr(models, network)(shape, 50)))
    description = stored.Description(
        network=network, input_shape=shape, classes=50, sha256="0" * 64
    )
    least = stored._bytes_at_least(description)
    assert least <= size
    assert network != "tutorial" or least > 0.9 * size


def test_weights_that_do_not_fit_change_nothing(tmp_path):
    from regard.models.weights import unpack_into

    model, other = filled(seed=0), filled(seed=1)
    other.variables[-1].assign([0, 0, 0, np.nan])
    before = values(model)
    with pytest.raises(DataError, match="not finite"):
        unpack_into(model, pack(other), "x")
    assert values(model) == before


def test_the_digest_is_that_of_the_file(tmp_path):
    stored.write(filled(), tmp_path, "tutorial")
    description = stored.read_description(tmp_path)
    content = (tmp_path / description.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == description.sha256

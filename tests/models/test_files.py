import zipfile

import numpy as np
import pytest

from regard import layers, load
from regard.errors import DataError

import keras  # isort: skip


@pytest.fixture
def model():
    inputs = keras.Input((None, None, 4))
    return keras.Model(inputs, layers.Attention(units=2)(inputs))


@pytest.mark.parametrize("what", ["folder", "file", "text"])
def test_loads_a_file_or_a_run_folder(model, tmp_path, what):
    model.layers[1].gamma.assign(0.7)
    file = tmp_path / "model.keras"
    model.save(file)
    loaded = load({"folder": tmp_path, "file": file, "text": str(file)}[what])
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype("float32")
    want = model.predict(x, verbose=0)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), want)
    assert not np.allclose(want, x)


@pytest.mark.parametrize("name", ["nothing.keras", "."])
def test_says_what_is_missing(tmp_path, name):
    with pytest.raises(DataError, match=r"No model at .*\.keras\. Give"):
        load(tmp_path / name)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_says_that_a_file_is_cut_off(model, tmp_path, share):
    file = tmp_path / "model.keras"
    model.save(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"model\.keras is cut off or is no \.keras file"):
        load(file)


def test_says_that_another_archive_is_no_model(tmp_path):
    file = tmp_path / "photos.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.txt", "a dog")
    with pytest.raises(DataError, match=r"is no \.keras file"):
        load(file)

import zipfile

import keras
import numpy as np
import pytest

from regard import layers, load, models
from regard.errors import DataError
from regard.models import stored


@pytest.fixture
def model():
    inputs = keras.Input((None, None, 4))
    return keras.Model(inputs, layers.Attention(units=2)(inputs))


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_loads_a_run_folder(tmp_path, kind):
    model = models.tutorial((8, 8, 1), 2)
    stored.write(model, tmp_path, "tutorial")
    x = np.random.default_rng(0).random((2, 8, 8, 1), dtype="float32")
    loaded = load(kind(tmp_path))
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("name", ["nothing.keras", "."])
def test_says_what_is_missing(tmp_path, name, trust):
    with pytest.raises(DataError, match=r"No model at .*\. Give"):
        load(tmp_path / name, trust)


@pytest.mark.parametrize("name", ["model.keras", "."])
def test_a_keras_file_needs_trust(model, tmp_path, name):
    model.save(tmp_path / "model.keras")
    with pytest.raises(DataError, match=r"model\.keras is a \.keras file.*--trust.*trust=True"):
        load(tmp_path / name)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_says_that_a_file_is_cut_off(model, tmp_path, share):
    file = tmp_path / "model.keras"
    model.save(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"model\.keras is no \.keras file, or is cut off"):
        load(file, trust=True)


def test_says_that_another_archive_is_no_model(tmp_path):
    file = tmp_path / "photos.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.txt", "a dog")
    with pytest.raises(DataError, match=r"its members are 'photo\.txt'"):
        load(file, trust=True)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.h5", b"", "is an HDF5 file"),
        ("a.HDF5", b"", "is an HDF5 file"),
        ("a.keras", b"\x89HDF\r\n\x1a\n", "is an HDF5 file"),
        ("a.pkl", b"", "is a pickle"),
        ("a.pt", b"", "is a pickle"),
        ("a.joblib", b"", "is a pickle"),
        ("a.keras", b"\x80\x04\x95", "is a pickle"),
        ("a.npz", b"", "may hold a pickle"),
        ("a.pb", b"", "is a TensorFlow graph"),
        ("a.onnx", b"", "is an ONNX file"),
    ],
)
@pytest.mark.parametrize("trust", [False, True])
def test_some_kinds_are_refused_even_with_trust(tmp_path, name, content, reason, trust):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=reason) as error:
        load(tmp_path / name, trust)
    assert "\n" not in str(error.value)


def test_a_run_in_a_folder_named_as_such_a_file_is_read(tmp_path):
    folder = tmp_path / "trial.h5"
    folder.mkdir()
    stored.write(models.tutorial((8, 8, 1), 2), folder, "tutorial")
    assert load(folder).name == "tutorial"

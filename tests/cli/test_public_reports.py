"""What users of other tools reported, each as a test of its kind; the table is docs/reports.md."""

import json
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import regard as product
from regard import datasets, layers
from regard.datasets.photos import load_photos
from regard.datasets.picture import read_original
from regard.explanation import explainer
from regard.training.recipe import Recipe
from regard.training.training import train_run

LOUD = 3e4
STEP_AT_FULL_SIZE = """
import re
from pathlib import Path
import keras
import numpy as np
from regard import layers

inputs = keras.Input((112, 112, 1))
x = layers.Conv2D(4, 3, padding="same")(inputs)
x = layers.GlobalAveragePooling2D()(layers.Attention(units=2)(x))
model = keras.Model(inputs, x)
model.compile("sgd", "mse", jit_compile=False)
loss = model.train_on_batch(np.ones((4, 112, 112, 1), "float32"), np.ones((4, 4)))
peak = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]
print(np.isfinite(loss), int(peak) / 2**20)
"""


def loud(policy):
    """Attention over pixels whose logits go up to `LOUD`."""
    keras.utils.set_random_seed(0)
    layer = layers.Attention(units=4, dtype=policy, gamma_initializer="ones")
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 8)).astype("float32")
    layer.build(x.shape)
    keys, queries = (
        keras.ops.convert_to_numpy(keras.ops.cast(part(x), "float32")).reshape(2, 36, 4)
        for part in (layer.key, layer.query)
    )
    largest = np.abs(queries @ keys.swapaxes(1, 2)).max() / 2
    layer.query.kernel.assign(layer.query.kernel * (LOUD / largest) ** 0.5)
    layer.key.kernel.assign(layer.key.kernel * (LOUD / largest) ** 0.5)
    return layer, x


def turned(image, mark):
    """Returns the pixels that a file with this orientation mark holds of an upright image."""
    return {6: np.rot90(image), 3: np.rot90(image, 2), 8: np.rot90(image, -1), 2: image[:, ::-1]}[
        mark
    ]


def save_marked(image, mark, path):
    exif = Image.Exif()
    exif[0x0112] = mark
    Image.fromarray(np.ascontiguousarray(turned(image, mark))).save(path, exif=exif)


def test_b05_a_softmax_of_large_logits_in_half_precision():
    want = loud("float32")[0](loud("float32")[1], return_attention_scores=True)[1]
    layer, x = loud("mixed_float16")
    scores = layer(x, return_attention_scores=True)[1]
    scores, want = map(keras.ops.convert_to_numpy, (scores, want))
    np.testing.assert_allclose(scores.sum(-1), 1, atol=1e-3)
    is_clear = np.sort(want, -1)[..., -1] > 0.999
    assert is_clear.mean() > 0.9
    assert (scores.argmax(-1) == want.argmax(-1))[is_clear].mean() > 0.99
    inputs = keras.Input((6, 6, 8))
    model = keras.Model(inputs, keras.layers.Flatten(dtype="float32")(layer(inputs)))
    model.compile(keras.optimizers.SGD(1e-3), "mse", jit_compile=False)
    assert np.isfinite(model.train_on_batch(x, np.zeros((2, 288))))
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_b05_a_row_of_which_all_but_one_place_is_masked():
    keras.utils.set_random_seed(0)
    layer = layers.ShiftedWindowAttention(
        window_size=4, shift_size=2, heads=2, dtype="mixed_float16"
    )
    x = np.random.default_rng(0).normal(size=(1, 5, 5, 8)).astype("float32") * 100
    output, scores = layer(x, return_attention_scores=True)
    scores = keras.ops.convert_to_numpy(scores)
    assert np.isfinite(keras.ops.convert_to_numpy(output)).all()
    assert np.isfinite(scores).all() and (scores == 0).any()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_b09_attention_over_an_early_map_trains_in_little_memory():
    """The 12,544 x 12,544 scores of four images would take 2.3 GiB, their gradient as much."""
    done = subprocess.run(
        [sys.executable, "-c", STEP_AT_FULL_SIZE], capture_output=True, text=True, check=True
    )
    finite, peak = done.stdout.split()
    assert finite == "True"
    assert float(peak) < 2


def test_b12_flat_pictures_are_explained(regard, run, photos, tmp_path):
    Image.fromarray(np.full((28, 28), 128, np.uint8)).save(photos / "grey.png")
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(photos / "black.png")
    model = product.load(run)
    explain = explainer("grad_cam")
    together = explain(model, read_all(photos), classes=None)
    assert np.isfinite(together).all()
    for number, name in enumerate(sorted(path.name for path in photos.iterdir())):
        alone = explain(model, read_all(photos)[number : number + 1], classes=None)
        np.testing.assert_allclose(together[number], alone[0], atol=1e-5, err_msg=name)
    outcome = regard("explain", run, photos, "--method", "attention", "--method", "grad_cam")
    assert outcome.code == 0
    assert "Warning" not in outcome.err


def read_all(folder):
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.iterdir())])


@pytest.mark.parametrize("mark", [6, 3, 8, 2])
def test_b17_a_photo_with_an_orientation_mark_is_its_upright_self(regard, run, tmp_path, mark):
    image = datasets.load("fashion-mnist-sample").test.images[0].copy()
    image[:, :14] = 255
    Image.fromarray(image).save("upright.png")
    save_marked(image, mark, "marked.png")
    np.testing.assert_array_equal(read_original("marked.png"), read_original("upright.png"))
    for verb in ("predict", "explain"):
        found = {}
        for name in ("marked.png", "upright.png"):
            outcome = regard(verb, run, name, "--json")
            assert outcome.code == 0
            found[name] = json.loads(outcome.out)
        if verb == "predict":
            one, other = (found[name][0]["probabilities"] for name in found)
            assert one == other
        else:
            one, other = (np.asarray(Image.open(found[name]["picture"])) for name in found)
            np.testing.assert_array_equal(one[40:], other[40:])


@pytest.mark.parametrize("mark", [6, 3, 8, 2])
def test_b17_a_photo_to_train_on_is_upright(tmp_path, mark):
    images = datasets.load("fashion-mnist-sample").test.images[:12]
    for folder, save in (
        ("marked", lambda image, path: save_marked(image, mark, path)),
        ("upright", lambda image, path: Image.fromarray(image).save(path)),
    ):
        for number, image in enumerate(images):
            path = tmp_path / folder / ("boot", "shirt")[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            save(image, path)

    def all_images(name):
        loaded = load_photos(tmp_path / name)
        parts = (loaded.train, loaded.validation, loaded.test)
        return sorted(image.tobytes() for part in parts for image in part.images)

    assert all_images("marked") == all_images("upright")


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="exported on TensorFlow alone")
def test_b24_augmentation_is_absent_from_the_exported_file(regard, cut, tmp_path):
    from regard.export import OnnxNetwork

    dataset = cut(datasets.load("fashion-mnist-sample"))
    recipe = Recipe(dataset="fashion-mnist-sample", epochs=1, shift=2)
    trained = train_run(recipe, dataset, tmp_path)
    assert regard("export", trained.folder).code == 0
    network = OnnxNetwork(trained.folder / "model.onnx")
    for batch in (1, 5):
        images = dataset.test.images[:batch, ..., None].astype("float32") / 255
        np.testing.assert_allclose(network(images), trained.model(images), atol=1e-5)
        np.testing.assert_array_equal(network(images), network(images))


def test_the_table_names_tests_that_exist():
    root = Path(__file__).parents[2]
    named = re.findall(r"`((?:tests|src)/[\w/.]+)::(\w+)`", (root / "docs/reports.md").read_text())
    assert len(named) >= 12
    for file, name in named:
        assert f"def {name}(" in (root / file).read_text(), f"{file}::{name}"

import subprocess
import sys

import numpy as np
import pytest

import regard

import keras  # isort: skip

HEAVY = ("keras", "tensorflow", "jax", "torch", "matplotlib", "scipy", "pydantic")


def fresh(code, *arguments):
    """Runs code in a new interpreter and returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_regard_loads_nothing_heavy():
    code = f"import sys, regard, regard.layers; print([m for m in {HEAVY} if m in sys.modules])"
    assert fresh(code) == "[]"


def test_every_public_name_resolves():
    for name in regard.__all__:
        assert getattr(regard, name) is not None
    assert set(regard.__all__) <= set(dir(regard))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="attention_map"):
        _ = regard.attention_map


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model with two attention layers of other arguments, an input and the output."""
    folder = tmp_path_factory.mktemp("saved")
    inputs = keras.Input((None, None, 4))
    x = regard.layers.Attention(units=2, name="first")(inputs)
    x = regard.layers.Attention(True, units=3, name="second")(x)
    model = keras.Model(inputs, x)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    images = rng.normal(size=(2, 3, 5, 4)).astype("float32")
    model.save(folder / "model.keras")
    np.savez(folder / "numbers.npz", x=images, y=model.predict(images, verbose=0))
    return folder


READ = """
import sys, numpy as np
folder = sys.argv[1]
model = load(folder + "/model.keras")
numbers = np.load(folder + "/numbers.npz")
print(np.abs(model.predict(numbers["x"], verbose=0) - numbers["y"]).max() < 1e-6)
print([(layer.units, layer.use_scale) for layer in model.layers[1:]])
print(all(isinstance(layer, regard.layers.Attention) for layer in model.layers[1:]))
"""


@pytest.mark.parametrize(
    "start",
    [
        "import regard, keras; load = keras.models.load_model",
        pytest.param(
            "import keras, regard; load = keras.models.load_model", marks=pytest.mark.slow
        ),
        pytest.param(
            "import regard; load = lambda file: regard.load(file, trust=True)",
            marks=pytest.mark.slow,
        ),
        "import regard; regard.layers.Attention()\n"
        "load = lambda file: regard.load(file, trust=True)",
    ],
)
def test_a_saved_model_loads_in_a_new_process(saved, start):
    lines = fresh(start + READ, saved).splitlines()
    assert lines == ["True", "[(2, False), (3, True)]", "True"]

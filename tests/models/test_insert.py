import subprocess
import sys

import numpy as np
import pytest

import regard
from regard.errors import UsageError
from regard.layers.registry import make_layer
from regard.models import insert

import keras  # isort: skip

from keras import layers  # isort: skip

same = np.testing.assert_array_equal
POOLED = ["pool1", "pool2"]


def images(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def run(model, *args, **kwargs):
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(*args, **kwargs))


@pytest.fixture
def chain():
    """Two stages; the second has a norm."""
    return keras.Sequential(
        [
            keras.Input((12, 10, 2)),
            layers.Conv2D(4, 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.ZeroPadding2D(name="pad"),
            layers.Conv2D(6, 3, name="conv2"),
            layers.BatchNormalization(name="norm2"),
            layers.ReLU(name="relu2"),
            layers.MaxPooling2D(name="pool2"),
            layers.Flatten(name="flat"),
            layers.Dense(3, name="head"),
        ],
        name="chain",
    )


@pytest.fixture
def nested(chain):
    """The chain inside a functional model inside a functional model."""
    inner_image = keras.Input((12, 10, 2))
    inner = keras.Model(inner_image, chain(inner_image) * 2, name="inner")
    image = keras.Input((12, 10, 1))
    features = layers.Conv2D(2, 1, name="conv0")(image)
    return keras.Model(image, layers.Softmax(name="end")(inner(features)), name="outer")


def residual():
    """A network of two blocks with additions by `+` and by `keras.ops`, and a stride."""
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", name="stem")(image)
    x = layers.ReLU(name="block1_out")(x + layers.Conv2D(4, 3, padding="same", name="conv1")(x))
    short = layers.MaxPooling2D(1, strides=2, name="short")(x)
    x = layers.ReLU(name="branch")(layers.Conv2D(4, 1, name="conv2a")(x))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="conv2b")(x)
    x = layers.Add(name="block2_out")([keras.ops.tanh(x), short])
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(image, layers.Dense(2, name="head")(x), name="residual")


def added(model, prefix=""):
    """Paths of the inserted layers."""
    found = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found += added(layer, f"{prefix}{layer.name}/")
        elif "_after_" in layer.name:
            found.append(prefix + layer.name)
    return found


def places(model):
    return [path.replace("pixel_after_", "") for path in added(model)]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("conv2", ["conv2"]),
        ("conv?", ["conv1", "conv2"]),
        (layers.MaxPooling2D, POOLED),
        ((layers.ReLU, layers.MaxPooling2D), ["pool1", "relu2", "pool2"]),
        ("stage ends", ["conv1", "relu2", "pool2"]),
        ("every convolution", ["conv1", "relu2"]),
        (["pool2", "pool*", layers.MaxPooling2D, "conv1"], ["conv1", *POOLED]),
    ],
)
def test_stands_where_asked(chain, after, expected):
    new = insert(chain, "pixel", after=after, units=2)
    assert isinstance(new, keras.Sequential)
    assert places(new) == expected
    names = [layer.name for layer in new.layers]
    for place in expected:
        assert names.index(f"pixel_after_{place}") == names.index(place) + 1
    same(run(new, images(2, 12, 10, 2)), run(chain, images(2, 12, 10, 2)))


def test_takes_a_layer_of_the_model(chain):
    assert places(insert(chain, "pixel", after=chain.layers[1])) == ["pool1"]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("inner/chain/pool1", ["inner/chain/pool1"]),
        ("*pool?", ["inner/chain/pool1", "inner/chain/pool2"]),
        ("every convolution", ["inner/chain/conv1", "inner/chain/relu2", "conv0"]),
        ("stage ends", ["inner/chain/conv1", "inner/chain/relu2", "inner/chain/pool2"]),
    ],
)
def test_goes_into_nested_models(nested, after, expected):
    new = insert(nested, "pixel", after=after)
    assert sorted(places(new)) == sorted(expected)
    x = images(2, 12, 10, 1)
    same(run(new, x), run(nested, x))
    maps = regard.attention_maps(new, x)
    assert sorted(maps) == sorted(added(new))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("stage ends", ["block1_out", "block2_out"]),
        ("block*_out", ["block1_out", "block2_out"]),
        ("every convolution", ["branch", "conv1", "conv2b", "stem"]),
    ],
)
def test_stands_in_a_residual_network(after, expected):
    model = residual()
    new = insert(model, "pixel", after=after)
    assert sorted(places(new)) == expected
    same(run(new, images(2, 8, 8, 3)), run(model, images(2, 8, 8, 3)))


def test_is_part_of_the_computation(chain):
    new = insert(chain, "pixel", after="pool1")
    new.get_layer("pixel_after_pool1").gamma.assign(0.5)
    head = keras.Sequential(chain.layers[2:])
    pooled = chain.layers[1](chain.layers[0](images(2, 12, 10, 2)))
    expected = run(head, new.get_layer("pixel_after_pool1")(pooled))
    np.testing.assert_allclose(run(new, images(2, 12, 10, 2)), expected, rtol=1e-5, atol=1e-6)


def test_the_old_model_stays_as_it_is(chain, eager):
    chain.compile("sgd", "mse")
    chain.fit(images(4, 12, 10, 2), images(4, 3), verbose=0)
    before = [w.copy() for w in chain.get_weights()]
    operations = [len(layer._inbound_nodes) for layer in chain.layers]
    new = insert(chain, "pixel", after="stage ends")
    assert not new.compiled
    for layer in chain.layers:
        for weights in zip(
            layer.get_weights(), new.get_layer(layer.name).get_weights(), strict=True
        ):
            same(*weights)
    new.compile("sgd", "mse")
    new.fit(images(4, 12, 10, 2), images(4, 3), verbose=0)
    assert not np.array_equal(new.get_layer("conv1").get_weights()[0], before[0])
    for weight, was in zip(chain.get_weights(), before, strict=True):
        same(weight, was)
    assert [len(layer._inbound_nodes) for layer in chain.layers] == operations
    assert chain.compiled
    assert chain.get_layer("pool1").output.shape == (None, 5, 4, 4)


def test_each_call_of_a_shared_layer_gets_its_own():
    image = keras.Input((6, 6, 2))
    shared = layers.Conv2D(2, 3, padding="same", name="shared")
    model = keras.Model(image, shared(shared(image)))
    new = insert(model, "pixel", after="shared")
    assert added(new) == ["pixel_after_shared", "pixel_after_shared_2"]
    first, second = (new.get_layer(name) for name in added(new))
    assert first.query.kernel is not second.query.kernel
    same(run(new, images(2, 6, 6, 2)), run(model, images(2, 6, 6, 2)))


def test_a_nested_model_called_twice_stays_one(chain):
    first, second = keras.Input((12, 10, 2), name="first"), keras.Input((12, 10, 2), name="second")
    model = keras.Model([first, second], [chain(first), chain(second)])
    new = insert(model, "pixel", after="chain/pool1")
    assert added(new) == ["chain/pixel_after_pool1"]
    pair = [images(2, 12, 10, 2), images(2, 12, 10, 2) + 1]
    for outputs in zip(run(new, pair), run(model, pair), strict=True):
        same(*outputs)


def test_keeps_dictionaries_of_inputs_and_outputs():
    inputs = {name: keras.Input((6, 6, 2), name=name) for name in ("left", "right")}
    x = layers.Concatenate(name="both")([inputs["left"], inputs["right"]])
    mean = layers.GlobalAveragePooling2D(name="mean")(layers.Conv2D(3, 3, name="conv")(x))
    model = keras.Model(inputs, {"mean": mean, "map": x})
    new = insert(model, "pixel", after=["conv", "both"])
    given = {"left": images(1, 6, 6, 2), "right": images(1, 6, 6, 2) + 1}
    assert places(new) == ["both", "conv"]
    outputs = run(new, given)
    for name, output in run(model, given).items():
        same(outputs[name], output)


def test_copies_what_layers_hold_besides_weights():
    normal = layers.Normalization(name="normal")
    normal.adapt(images(20, 6, 6, 2) * 3 + 1)
    image = keras.Input((6, 6, 2))
    x = layers.Lambda(lambda x: x * 2, name="twice")(normal(image))
    x = layers.Conv2D(3, 3, name="conv", trainable=False)(x)
    model = keras.Model(image, layers.BatchNormalization(name="norm")(x, training=False))
    new = insert(model, "pixel", after="norm")
    x = images(3, 6, 6, 2)
    same(run(new, x, training=True), run(model, x, training=True))
    assert not new.get_layer("conv").trainable
    assert new.get_layer("pixel_after_norm").trainable


def test_what_goes_into_a_frozen_backbone_can_learn(nested):
    nested.get_layer("inner").trainable = False
    new = insert(nested, "pixel", after="inner/chain/pool1")
    trained = {weight.path.split("/")[0] for weight in new.trainable_weights}
    assert trained == {"conv0", "pixel_after_pool1"}


@pytest.mark.parametrize("after", ["conv", "norm", "relu"])
def test_takes_layout_and_precision_from_what_stands_before(after):
    image = keras.Input((2, 5, 6))
    conv = layers.Conv2D(8, 1, data_format="channels_first", dtype="mixed_bfloat16", name="conv")
    norm = layers.BatchNormalization(axis=1, dtype="mixed_bfloat16", name="norm")
    relu = layers.ReLU(dtype="mixed_bfloat16", name="relu")
    new = insert(keras.Model(image, relu(norm(conv(image)))), "pixel", after=after)
    layer = new.get_layer(f"pixel_after_{after}")
    assert (layer.data_format, layer.value.units) == ("channels_first", 8)
    assert layer.dtype_policy.name == "mixed_bfloat16"
    assert insert(new, "pixel", after=after, data_format="channels_last", units=1).layers


def test_warns_where_the_output_changes(chain):
    with pytest.warns(UserWarning, match=r"squeeze_excitation is not the identity.*_after_pool1"):
        new = insert(chain, "squeeze_excitation", after="pool1", reduction_ratio=2)
    x = images(2, 12, 10, 2)
    assert not np.allclose(run(new, x), run(chain, x))


@pytest.mark.parametrize(
    "layer",
    [layers.SpatialDropout2D, lambda rate: layers.SpatialDropout2D(rate)],
    ids=["class", "function"],
)
def test_takes_a_class_or_a_function(chain, layer):
    with pytest.warns(UserWarning, match="SpatialDropout2D is not the identity before"):
        new = insert(chain, layer, after=layers.MaxPooling2D, rate=0.25)
    assert added(new) == [f"spatial_dropout2d_after_{name}" for name in POOLED]
    assert new.get_layer(added(new)[1]).rate == 0.25


def test_a_layer_that_changes_the_shape_may_stand_at_the_end():
    image = keras.Input((6, 6, 2))
    model = keras.Model(image, layers.Conv2D(3, 3, name="conv")(image))
    with pytest.warns(UserWarning, match="identity"):
        new = insert(model, layers.GlobalAveragePooling2D, after="conv")
    assert new.output_shape == (None, 3)


def subclassed():
    class Subclassed(keras.Model):
        def call(self, x):
            return x

    return Subclassed(name="own")


def uncopyable():
    class Own(layers.Layer):
        def __init__(self, size):
            super().__init__(name="own")
            self.size = size

        def call(self, x):
            return x

        def get_config(self):
            return {"name": "own"}

    return keras.Sequential([keras.Input((6, 6, 2)), Own(3)])


ONE = make_layer("pixel")
FREE = [keras.Input((None, None, 2)), layers.Conv2D(4, 3, name="conv")]


@pytest.mark.parametrize(
    ("model", "layer", "after", "arguments", "message"),
    [
        (None, "squeeze_excitaton", "conv1", {}, "Nearest: squeeze_excitation"),
        (None, "pixel", "conf1", {}, "chain has no layer 'conf1'. Nearest: conv"),
        (None, "pixel", "block*", {}, "chain has no layer 'block"),
        (None, "pixel", ["conv1", "nothing"], {}, "chain has no layer 'nothing'"),
        (None, "pixel", layers.Conv1D, {}, "no layer of type Conv1D. Its types: BatchN"),
        (None, "pixel", layers.ReLU(name="other"), {}, "does not hold this layer 'other'"),
        (None, "pixel", [], {}, r"after=\[\] names no place"),
        (None, "pixel", 3, {}, "after=3 is no place. Give a layer name"),
        (None, "pixel", "flat", {}, r"rank 3 or 4 or 5, but flat gives \(None, 24\)"),
        (None, "pixel", "conv1", {"name": "a"}, "leave name out"),
        (None, ONE, "conv1", {}, "one place only"),
        (None, lambda: ONE, "conv?", {}, "A new Keras layer is needed for each place"),
        (None, layers.UpSampling2D, "conv1", {}, "does not keep the shape .* after conv1"),
        (None, "squeeze_excitation", "conv1", {}, r"after conv1, which gives .*reduction_ratio"),
        (subclassed, "pixel", "x", {}, "own is a subclassed model.*keras.Model"),
        (lambda: 3, "pixel", "x", {}, "takes a Keras model, not int"),
        (
            lambda: keras.Sequential([layers.Dense(2)], name="raw"),
            "pixel",
            "dense",
            {},
            "raw is not built. Let it begin with keras.Input",
        ),
        (uncopyable, "pixel", "own", {}, "own cannot be copied"),
        (
            lambda: keras.Sequential([keras.Input((3,)), layers.Dense(2)]),
            "pixel",
            "stage ends",
            {},
            "has no convolution",
        ),
        (
            lambda: keras.Sequential(FREE),
            "axial_deeplab",
            "conv",
            {},
            r"after conv, which gives .*needs a known spatial size",
        ),
    ],
)
def test_refuses_what_cannot_be(chain, model, layer, after, arguments, message):
    with pytest.raises(UsageError, match=f"(?s){message}"):
        insert(model() if model else chain, layer, after=after, **arguments)


RELOAD = """
import sys, numpy as np, regard, keras
model = keras.models.load_model(sys.argv[1])
maps = regard.attention_maps(model, np.load(sys.argv[2]))
values = {path.replace("/", " "): maps[path].values for path in maps}
np.savez(sys.argv[3], output=keras.ops.convert_to_numpy(model(np.load(sys.argv[2]))), **values)
"""


APPLICATIONS = {
    "MobileNetV2": ({"alpha": 0.35}, ["*/block_3_expand_relu", "*/block_6_expand_relu"]),
    "ResNet50": ({}, "stage ends"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_is_trained_and_read_in_a_new_process(name, tmp_path, eager):
    options, places = APPLICATIONS[name]
    application = getattr(keras.applications, name)
    base = application(input_shape=(32, 32, 3), include_top=False, weights=None, **options)
    image = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(base(image, training=False))
    model = keras.Model(image, layers.Dense(3, activation="softmax")(x))
    new = insert(model, "pixel", after=places)
    x = images(4, 32, 32, 3)
    same(run(new, x), run(model, x))
    new.compile("adam", "sparse_categorical_crossentropy")
    new.fit(x, np.array([0, 1, 2, 0]), epochs=2, verbose=0)
    new.save(tmp_path / "new.keras")
    np.save(tmp_path / "x.npy", x)
    arguments = [str(tmp_path / name) for name in ("new.keras", "x.npy", "read.npz")]
    subprocess.run([sys.executable, "-c", RELOAD, *arguments], check=True)
    maps = regard.attention_maps(new, x)
    assert len(maps) >= 2
    with np.load(tmp_path / "read.npz") as read:
        np.testing.assert_allclose(read["output"], run(new, x), rtol=1e-5, atol=1e-6)
        assert sorted(read) == sorted(["output", *(path.replace("/", " ") for path in maps)])
        for path in maps:
            values = maps[path].values
            np.testing.assert_allclose(read[path.replace("/", " ")], values, rtol=1e-4, atol=1e-6)


def test_resnet_takes_attention_at_its_stages():
    model = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=3)
    new = insert(model, "pixel", after="stage ends")
    ends = ["conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out"]
    assert places(new) == ends
    x = images(2, 32, 32, 3)
    same(run(new, x), run(model, x))
    new.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    assert np.isfinite(new.train_on_batch(x, np.array([0, 1])))

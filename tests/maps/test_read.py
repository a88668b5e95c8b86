import subprocess
import sys

import numpy as np
import pytest

from regard import DataError, UsageError, attention_maps, layers

import keras  # isort: skip

SIZE = (14, 18)


def block(name, units=3, **arguments):
    return [
        layers.Conv2D(6, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Attention(units=units, name=name, **arguments),
    ]


def head():
    return [layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax")]


def chain(inputs, parts):
    for part in parts:
        inputs = part(inputs)
    return inputs


def sequential():
    return keras.Sequential([keras.Input((*SIZE, 1)), *block("attention"), *head()])


def functional():
    inputs = keras.Input((*SIZE, 1))
    x = chain(inputs, block("early", units=2, return_attention=True))
    late = layers.Attention(name="late")(x)
    return keras.Model(inputs, chain(layers.Add()([x, late]), head()))


def nested():
    inner = keras.Sequential([keras.Input((*SIZE, 1)), *block("attention")], name="inner")
    inputs = keras.Input((*SIZE, 1))
    outer = keras.Model(inputs, layers.Attention(name="top")(inner(inputs)), name="backbone")
    return keras.Sequential([keras.Input((*SIZE, 1)), outer, *head()])


def with_scores():
    inputs = keras.Input((*SIZE, 1))
    *parts, attention = block("attention")
    x, scores = attention(chain(inputs, parts), return_attention_scores=True)
    return keras.Model(inputs, [chain(x, head()), scores])


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.parts = [*block("attention"), *head()]

    def call(self, x):
        return chain(x, self.parts)


PATHS = {
    sequential: ["attention"],
    functional: ["early", "late"],
    nested: ["backbone/inner/attention", "backbone/top"],
    with_scores: ["attention"],
    Subclassed: ["attention"],
}


def images(n=5):
    return np.random.default_rng(2).random((n, *SIZE, 1), dtype="float32")


def made(build):
    """Builds a model whose attention is neither uniform nor switched off."""
    model = build()
    model(images(1))
    rng = np.random.default_rng(5)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return model


def values(maps):
    return {path: attention.values for path, attention in maps.items()}


@pytest.mark.parametrize("build", PATHS)
def test_reads_every_layer_by_its_path(build):
    maps = attention_maps(made(build), images())
    assert list(maps) == PATHS[build]
    for attention in maps.values():
        assert attention.axes == ("batch", "query", "key")
        assert attention.kind == "distribution"
        assert [axis.size for axis in attention.geometry.axes] == [6, 8]
        assert attention.values.shape == (5, 48, 48)
        assert attention.values.std() > 1e-3
        np.testing.assert_allclose(attention.values.sum(-1), 1, atol=1e-5)
    assert maps.to_images().shape == (5, *SIZE)


def test_values_are_those_of_the_layer():
    model = made(sequential)
    x = chain(images(), model.layers[:2])
    _, want = model.get_layer("attention")(x, return_attention_scores=True)
    got = attention_maps(model, images())["attention"].values
    np.testing.assert_allclose(got, keras.ops.convert_to_numpy(want), atol=1e-6)


@pytest.mark.parametrize("build", PATHS)
def test_batches_of_any_size_give_the_same(build):
    model = made(build)
    want = values(attention_maps(model, images()))
    for batch_size in (1, 2, 5):
        got = values(attention_maps(model, images(), batch_size=batch_size))
        for path in want:
            np.testing.assert_allclose(got[path], want[path], atol=1e-5)


@pytest.mark.parametrize("build", PATHS)
def test_leaves_the_model_as_it_is(build):
    model = made(build)
    before = keras.tree.flatten(model.predict(images(), verbose=0))
    weights = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    attention_maps(model, images())
    after = keras.tree.flatten(model.predict(images(), verbose=0))
    for left, right in zip(after, before, strict=True):
        np.testing.assert_array_equal(left, right)
    for weight, old in zip(model.weights, weights, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), old)


def test_layer_outputs_stay_usable():
    model = made(sequential)
    layer = model.get_layer("attention")
    output = layer.output
    attention_maps(model, images())
    assert layer.output is output
    features = keras.Model(model.inputs, layer.output).predict(images(), verbose=0)
    assert features.shape == (5, 6, 8, 6)


RELOAD = """
import sys, numpy as np, regard, keras
folder = sys.argv[1]
x = np.load(folder + "/x.npy")
for name in sys.argv[2:]:
    maps = regard.attention_maps(keras.models.load_model(f"{folder}/{name}.keras"), x)
    values = [attention.values for attention in maps.values()]
    np.savez(f"{folder}/{name}.npz", *values, maps.to_images(), paths=list(maps))
"""


def test_maps_are_the_same_after_reloading_in_a_new_process(tmp_path):
    np.save(tmp_path / "x.npy", images())
    models = {build.__name__: made(build) for build in (sequential, functional, nested)}
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
    command = [sys.executable, "-c", RELOAD, str(tmp_path), *models]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name, model in models.items():
        maps, stored = attention_maps(model, images()), np.load(tmp_path / f"{name}.npz")
        assert list(stored["paths"]) == list(maps)
        want = [*values(maps).values(), maps.to_images()]
        for i, array in enumerate(want):
            np.testing.assert_allclose(stored[f"arr_{i}"], array, atol=1e-6)


def test_one_image_and_images_without_channels():
    model = made(sequential)
    want = values(attention_maps(model, images()))["attention"]
    grey = values(attention_maps(model, images()[..., 0]))["attention"]
    np.testing.assert_array_equal(grey, want)
    for one in (images()[0], images()[0, ..., 0]):
        got = values(attention_maps(model, one))["attention"]
        np.testing.assert_allclose(got, want[:1], atol=1e-5)


def test_default_is_the_marked_layer_or_the_last():
    maps = attention_maps(made(functional), images())
    assert maps.default == "early"
    assert attention_maps(made(nested), images()).default == "backbone/top"
    np.testing.assert_array_equal(maps.to_images(), maps.to_images(layer="early"))
    assert np.abs(maps.to_images() - maps.to_images(layer="late")).max() > 1e-3


def test_one_layer_alone():
    maps = attention_maps(made(nested), images(), layer="backbone/inner/attention")
    assert list(maps) == ["backbone/inner/attention"]
    assert len(maps) == 1


def planted(query_sees_brightness):
    """Each query looks for bright keys: every one, or only the bright ones."""
    model = keras.Sequential(
        [
            keras.Input((*SIZE, 1)),
            layers.Conv2D(1, 3, kernel_initializer="ones", data_format="channels_last"),
            layers.MaxPooling2D(2, data_format="channels_last"),
            layers.Attention(units=1, data_format="channels_last", name="attention"),
        ]
    )
    attention = model.get_layer("attention")
    attention.key.kernel.assign([[9.0]])
    attention.query.kernel.assign([[float(query_sees_brightness)]])
    attention.query.bias.assign([float(not query_sees_brightness)])
    return model


def every_place():
    return [(row, column) for row in range(SIZE[0]) for column in range(SIZE[1])]


def one_bright_pixel_each():
    return np.eye(SIZE[0] * SIZE[1], dtype="float32").reshape(-1, *SIZE)


def peaks(pictures):
    """The middle of each picture's highest values: neighbouring map pixels may be equal."""
    highest = pictures >= pictures.max(axis=(1, 2), keepdims=True) * (1 - 1e-5)
    return np.stack([np.argwhere(picture).mean(axis=0) for picture in highest])


def test_the_picture_peaks_where_a_bright_pixel_was_planted():
    maps = attention_maps(planted(False), one_bright_pixel_each())
    half_widths = [axis.field / 2 for axis in maps["attention"].geometry.axes]
    assert half_widths == [2, 2]
    distance = np.abs(peaks(maps.to_images()) - every_place())
    assert (distance <= half_widths).all()


def test_the_query_projection_is_the_row_of_that_query():
    place = (4, 12)
    image = np.zeros((1, *SIZE), "float32")
    image[0, *place] = 1
    maps = attention_maps(planted(True), image)
    there = maps.to_images("query", query=place)
    assert there.shape == (1, *SIZE)
    assert np.abs(peaks(there) - place).max() <= 2
    assert there.max() > 0.2
    dark = maps.to_images("query", query=(13, 0))
    np.testing.assert_allclose(dark, 1 / 48, atol=1e-6)


def test_received_is_the_mean_over_the_queries():
    maps = attention_maps(made(sequential), images())
    every = [
        maps.to_images("query", query=(2 * row + 1, 2 * column + 1))
        for row in range(6)
        for column in range(8)
    ]
    np.testing.assert_allclose(maps.to_images(), np.mean(every, axis=0), atol=1e-6)


@pytest.mark.parametrize("query", [(14, 0), (0, 18), (-1, 0), (1, 2, 3), (1,), 5])
def test_a_query_beyond_the_image_is_named(query):
    maps = attention_maps(planted(False), images(1))
    with pytest.raises(UsageError, match=r"\(14, 18\), not .*\d"):
        maps.to_images("query", query=query)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"projection": "recieved"}, "'recieved'.*Nearest: received"),
        ({"projection": "query"}, "only then"),
        ({"query": (1, 1)}, "only then"),
        ({"layer": "atention"}, "'atention'.*Nearest: attention"),
    ],
)
def test_wrong_projections_are_named(arguments, message):
    maps = attention_maps(planted(False), images(1))
    with pytest.raises(UsageError, match=message):
        maps.to_images(**arguments)


def test_an_unknown_layer_gets_the_nearest():
    with pytest.raises(UsageError, match=r"'backbone/tap'.*Nearest: backbone/top"):
        attention_maps(made(nested), images(), layer="backbone/tap")


def test_a_batch_size_of_none_is_refused():
    with pytest.raises(UsageError, match="not 0"):
        attention_maps(planted(False), images(), batch_size=0)


def test_no_attention_layer():
    model = keras.Sequential([keras.Input((*SIZE, 1)), *head()], name="plain")
    with pytest.raises(DataError, match="plain has no attention layer"):
        attention_maps(model, images())


def test_a_layer_called_on_a_list_of_maps_attends_along_rows():
    inputs = keras.Input((*SIZE, 1))
    with pytest.warns(UserWarning, match="along its row"):
        x = layers.Attention(name="rows")([inputs, inputs])
    maps = attention_maps(keras.Model(inputs, x), images())
    assert maps["rows"].axes == ("batch", "row", "query", "key")
    want = maps["rows"].values.mean(2)
    np.testing.assert_allclose(maps.to_images(), want, atol=1e-7)


def test_each_call_of_one_layer_has_its_path():
    inputs = keras.Input((*SIZE, 1))
    layer = layers.Attention(units=2, name="shared")
    model = keras.Model(inputs, layer(layer(inputs)))
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    maps = attention_maps(model, images(2))
    assert list(maps) == ["shared", "shared#2"]
    x = keras.ops.convert_to_tensor(images(2))
    for name in maps:
        x, want = layer(x, return_attention_scores=True)
        np.testing.assert_allclose(maps[name].values, keras.ops.convert_to_numpy(want), atol=1e-6)
    assert np.abs(maps["shared"].values - maps["shared#2"].values).max() > 1e-4


def test_a_reshaped_image_has_no_place():
    inputs = keras.Input((*SIZE, 1))
    x = layers.Attention(name="moved")(layers.Reshape((18, 14, 1))(inputs))
    maps = attention_maps(keras.Model(inputs, x), images())
    assert maps["moved"].values.shape == (5, 252, 252)
    with pytest.raises(UsageError, match=r"moved has the axes.*no pixels on the image"):
        maps.to_images()


def test_a_call_that_cannot_be_traced_is_named():
    class Opaque(keras.Model):
        def call(self, x):
            return np.asarray(x.numpy())

    with pytest.raises(DataError, match="opaque cannot be traced"):
        attention_maps(Opaque(name="opaque"), images())


def gated(name, **arguments):
    inputs = keras.Input((*SIZE, 1))
    x = layers.Conv2D(8, 3, padding="same")(inputs)
    x = layers.make_layer(name, name="gate", **arguments)(x)
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x))


def test_a_layer_with_several_maps_gives_each_by_its_name():
    maps = attention_maps(gated("cbam", reduction_ratio=4), images(3), batch_size=2)
    assert list(maps) == ["gate/channel", "gate/spatial"]
    assert maps["gate/channel"].values.shape == (3, 8)
    assert maps.default == "gate/spatial"
    np.testing.assert_allclose(maps.to_images(), maps["gate/spatial"].values, atol=1e-6)


def test_a_map_without_pixels_cannot_be_drawn():
    maps = attention_maps(gated("squeeze_excitation", reduction_ratio=4), images())
    assert maps["gate"].values.shape == (len(images()), 8)
    with pytest.raises(UsageError, match=r"gate has the axes \('batch', 'channel'\).*no pixels"):
        maps.to_images()


def test_a_gate_of_pixels_has_no_queries():
    maps = attention_maps(gated("cbam", reduction_ratio=4), images())
    with pytest.raises(UsageError, match=r"no projection 'query'.*Its projections: gate"):
        maps.to_images("query", query=(3, 4))


def test_a_gate_of_pixels_and_channels_is_the_mean_over_channels():
    maps = attention_maps(gated("simam"), images())
    want = maps["gate"].values.mean(-1)
    np.testing.assert_allclose(maps.to_images(), want, atol=1e-6)


def test_heads_are_averaged():
    maps = attention_maps(gated("keras_multi_head_attention", heads=2, key_channels=3), images(1))
    values = maps["gate"].values
    assert values.shape[:2] == (1, 2)
    want = values.mean(1)[0].mean(0).reshape(SIZE)
    np.testing.assert_allclose(maps.to_images()[0], want, atol=1e-7)
    row = values.mean(1)[0, 3 * SIZE[1] + 4].reshape(SIZE)
    np.testing.assert_allclose(maps.to_images("query", query=(3, 4))[0], row, atol=1e-7)

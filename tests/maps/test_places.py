"""Where a model may hold its attention layers, and that maps are read from there."""

import numpy as np
import pytest

from regard import DataError, attention_maps, iter_attention_maps, layers

import keras  # isort: skip

SIZE = (12, 9)


def images(n=3):
    return np.random.default_rng(2).random((n, *SIZE, 1), dtype="float32")


def awake(model):
    """Gives every weight random numbers, so that no attention is uniform or switched off."""
    rng = np.random.default_rng(5)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return model


def backbone(name="backbone"):
    inputs = keras.Input((*SIZE, 1))
    x = layers.Conv2D(4, 3, activation="relu", name=f"{name}_conv")(inputs)
    x = layers.Attention(units=2, name="attention")(x)
    return keras.Model(inputs, x, name=name)


class Block(keras.layers.Layer):
    """A layer made of layers, as people write them."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(4, 3, activation="relu")
        self.attention = layers.Attention(units=2, name="attention")

    def call(self, x):
        return self.attention(self.conv(x))


class Network(keras.Model):
    def __init__(self):
        super().__init__(name="network")
        self.block = Block(name="block")
        self.normal = layers.BatchNormalization()

    def call(self, x, training=None):
        return self.normal(self.block(x), training=training)


def direct(conv, attention, x):
    """The attention of a convolution and an attention layer called one after the other."""
    _, scores = attention(conv(keras.ops.convert_to_tensor(x)), return_attention_scores=True)
    return keras.ops.convert_to_numpy(scores)


def test_a_model_twice_nested_gives_what_it_gives_alone():
    inner = awake(backbone())
    middle = keras.Sequential([keras.Input((*SIZE, 1)), inner], name="middle")
    inputs = keras.Input((*SIZE, 1))
    outer = keras.Model(inputs, layers.GlobalAveragePooling2D()(middle(inputs)))
    maps = attention_maps(outer, images())
    assert list(maps) == ["middle/backbone/attention"]
    alone = attention_maps(inner, images())["attention"].values
    np.testing.assert_allclose(maps["middle/backbone/attention"].values, alone, atol=1e-6)


def test_two_backbones_of_one_kind_and_one_used_twice():
    left, right = awake(backbone("left")), awake(backbone("right"))
    right.set_weights([-weight for weight in left.get_weights()])
    inputs = keras.Input((*SIZE, 1))
    flipped = keras.ops.flip(inputs, axis=2)
    model = keras.Model(inputs, layers.Add()([left(inputs), right(inputs), left(flipped)]))
    maps = attention_maps(model, images())
    assert set(maps) == {"left/attention", "right/attention", "left#2/attention"}
    for path, inner, x in (
        ("left/attention", left, images()),
        ("right/attention", right, images()),
        ("left#2/attention", left, images()[:, :, ::-1]),
    ):
        want = attention_maps(inner, x)["attention"].values
        np.testing.assert_allclose(maps[path].values, want, atol=1e-6)
    assert not maps["left#2/attention"].is_drawable  # a flipped image's pixels lie elsewhere


@pytest.mark.parametrize("is_called_before", [True, False])
def test_a_subclassed_model_with_a_layer_made_of_layers(is_called_before):
    model = Network()
    if is_called_before:
        model(images())
    maps = attention_maps(model, images())
    assert list(maps) == ["block/attention"]
    want = direct(model.block.conv, model.block.attention, images())
    np.testing.assert_allclose(maps["block/attention"].values, want, atol=1e-6)
    assert [axis.size for axis in maps["block/attention"].geometry.axes] == [10, 7]


def test_a_subclassed_model_inside_a_functional_one():
    inner = Network()
    inputs = keras.Input((*SIZE, 1))
    model = keras.Model(inputs, layers.GlobalAveragePooling2D()(inner(inputs)))
    awake(model)
    maps = attention_maps(model, images())
    assert list(maps) == ["network/block/attention"]
    want = direct(inner.block.conv, inner.block.attention, images())
    np.testing.assert_allclose(maps["network/block/attention"].values, want, atol=1e-6)


def test_an_unbuilt_sequential_model():
    parts = [layers.Conv2D(4, 3), layers.Attention(units=2, name="attention")]
    maps = attention_maps(keras.Sequential(parts), images())
    np.testing.assert_allclose(maps["attention"].values, direct(*parts, images()), atol=1e-6)


def test_nothing_stays_on_the_layers():
    model = Network()
    model(images())
    leaves = list(model._flatten_layers())
    before = [{key: id(value) for key, value in vars(leaf).items()} for leaf in leaves]
    calls = [len(leaf._inbound_nodes) + len(leaf._outbound_nodes) for leaf in leaves]
    attention_maps(model, images(), batch_size=2)
    assert [{key: id(value) for key, value in vars(leaf).items()} for leaf in leaves] == before
    assert [len(leaf._inbound_nodes) + len(leaf._outbound_nodes) for leaf in leaves] == calls


def tokens(attend):
    """A small network that attends over a row of pixels with one of Keras's layers."""
    inputs = keras.Input((*SIZE, 1))
    x = layers.Conv2D(4, 3, activation="relu")(inputs)
    rows = layers.Reshape((70, 4))(x)
    x = layers.Reshape((10, 7, 4))(attend(rows))
    return awake(keras.Model(inputs, layers.GlobalAveragePooling2D()(x)))


KERAS_LAYERS = {
    "attention": lambda x: keras.layers.Attention(name="own")([x, x]),
    "additive": lambda x: keras.layers.AdditiveAttention(name="own")([x, x]),
    "multi-head": lambda x: keras.layers.MultiHeadAttention(2, 3, name="own")(x, x),
    "grouped": lambda x: keras.layers.GroupQueryAttention(3, 4, 2, name="own")(x, x),
}


@pytest.mark.parametrize("name", KERAS_LAYERS)
def test_keras_s_own_layers_over_pixels_in_a_row(name):
    model = tokens(KERAS_LAYERS[name])
    maps = attention_maps(model, images(), batch_size=2)
    assert list(maps) == ["own"]
    layer = model.get_layer("own")
    x = keras.ops.reshape(model.layers[1](keras.ops.convert_to_tensor(images())), (3, 70, 4))
    args = ([x, x],) if name in ("attention", "additive") else (x, x)
    want = keras.ops.convert_to_numpy(layer(*args, return_attention_scores=True)[1])
    np.testing.assert_allclose(maps["own"].values, want, atol=1e-6)
    flat = want.mean(1) if want.ndim == 4 else want
    middle = maps.to_images()[:, 1:-1, 1:-1]  # the pixels' centres lie one from the edge
    np.testing.assert_allclose(middle, flat.mean(1).reshape(3, 10, 7), atol=1e-6)


def test_multi_head_attention_over_a_feature_map():
    inputs = keras.Input((*SIZE, 1))
    x = layers.Conv2D(4, 3)(inputs)
    model = awake(keras.Model(inputs, layers.MultiHeadAttention(2, 3, name="own")(x, x)))
    maps = attention_maps(model, images())
    assert maps["own"].values.shape == (3, 2, 70, 70)
    np.testing.assert_allclose(maps["own"].values.sum(-1), 1, atol=1e-5)
    assert maps.to_images("head").shape == (3, 2, *SIZE)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_gives_maps_of_float32(policy):
    inputs = keras.Input((*SIZE, 1))
    x = layers.Reshape((108, 1))(inputs)
    own = layers.MultiHeadAttention(2, 3, dtype=policy, name="own")(x, x)
    model = keras.Model(inputs, layers.Reshape((*SIZE, 1))(own))
    for batch_size in (1, 3):
        maps = attention_maps(model, images(), batch_size=batch_size)
        assert maps["own"].values.dtype == np.float32
        np.testing.assert_allclose(maps["own"].values.sum(-1), 1, atol=1e-2)


def test_maps_come_batch_by_batch():
    model = awake(backbone())
    whole = attention_maps(model, images(5))
    parts = list(iter_attention_maps(model, images(5), batch_size=2))
    assert [len(part["attention"].values) for part in parts] == [2, 2, 1]
    got = np.concatenate([part.to_images() for part in parts])
    np.testing.assert_allclose(got, whole.to_images(), atol=1e-6)


def test_maps_over_the_limit_are_refused_before_they_are_read():
    model = backbone()
    one = 70 * 70 * 4
    before = layers.limit_scores(2 * one)
    try:
        with pytest.raises(MemoryError, match=r"maps of 300 images would take 0\.01 GiB.*iter_att"):
            attention_maps(model, images(300), batch_size=2)
        assert len(next(iter_attention_maps(model, images(300), batch_size=2))) == 1
        with pytest.raises(MemoryError, match=r"scores of attention would take.*GiB"):
            attention_maps(model, images(3), batch_size=3)
        with pytest.raises(MemoryError, match=r"scores of own would take.*GiB"):
            attention_maps(tokens(KERAS_LAYERS["multi-head"]), images(2))
    finally:
        layers.limit_scores(before)


def test_a_network_without_attention_is_told_of_attribution():
    model = keras.Sequential([keras.Input((*SIZE, 1)), layers.Conv2D(2, 3)], name="plain")
    with pytest.raises(DataError, match=r"plain has no attention layer.*regard\.attributions"):
        attention_maps(model, images())

from pathlib import Path

import numpy as np
import pytest

from regard.layers import Attention

import keras  # isort: skip

SAGAN = Path(__file__).parents[1] / "data" / "sagan.npz"
RNG = np.random.default_rng(0)
QUERY, VALUE, KEY = (RNG.normal(size=(2, n, 6)).astype("float32") for n in (5, 4, 4))
MASK = [np.arange(10).reshape(2, 5) % 3 > 0, np.arange(8).reshape(2, 4) % 4 > 0]


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def fill(layer, shape, gamma=0.7):
    layer.build(shape)
    rng = np.random.default_rng(3)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    layer.gamma.assign(gamma)
    return layer


def image(*shape):
    return np.random.default_rng(4).normal(size=shape).astype("float32")


def stock_and_ours(inputs, **arguments):
    layers = keras.layers.Attention(**arguments), Attention(**arguments)
    for layer in layers:
        layer.build([x.shape for x in inputs])
        for weight in layer.trainable_weights:
            weight.assign(1.3)
    return layers


def same_as_stock(inputs, arguments, call):
    stock, ours = stock_and_ours(inputs, **arguments)
    assert len(stock.weights) == len(ours.weights)
    want, got = stock(inputs, **call), ours(inputs, **call)
    for left, right in zip(keras.tree.flatten(got), keras.tree.flatten(want), strict=True):
        np.testing.assert_array_equal(array(left), array(right))


@pytest.mark.parametrize("inputs", [[QUERY, VALUE], [QUERY, VALUE, KEY]], ids=[2, 3])
@pytest.mark.parametrize("arguments", [{}, {"use_scale": True}, {"score_mode": "concat"}])
@pytest.mark.parametrize(
    "call",
    [
        {},
        {"return_attention_scores": True},
        {"mask": MASK, "return_attention_scores": True},
        {"use_causal_mask": True},
    ],
    ids=["plain", "scores", "mask", "causal"],
)
def test_lists_are_as_in_keras(inputs, arguments, call):
    same_as_stock(inputs, arguments, call)


def test_lists_drop_out_as_in_keras():
    same_as_stock([QUERY, VALUE], {"dropout": 0.5, "seed": 7}, {"training": True})


def test_list_in_a_functional_model_is_as_in_keras():
    stock, ours = stock_and_ours([QUERY, VALUE])
    inputs = [keras.Input(x.shape[1:]) for x in (QUERY, VALUE)]
    outputs = [y for layer in (stock, ours) for y in layer(inputs, return_attention_scores=True)]
    assert [y.shape for y in outputs[:2]] == [y.shape for y in outputs[2:]]
    got = keras.Model(inputs, outputs).predict([QUERY, VALUE], verbose=0)
    np.testing.assert_array_equal(got[0], got[2])
    np.testing.assert_array_equal(got[1], got[3])


def test_a_list_hands_its_mask_on_as_in_keras():
    stock, ours = stock_and_ours([QUERY, VALUE])
    want = array(stock.compute_mask([QUERY, VALUE], MASK))
    np.testing.assert_array_equal(array(ours.compute_mask([QUERY, VALUE], MASK)), want)
    assert ours.compute_mask(QUERY, MASK[0]) is None


def test_a_list_of_maps_warns_and_is_as_in_keras():
    x = image(2, 4, 3, 6)
    layer = Attention()
    with pytest.warns(UserWarning, match="only along its row"):
        got = layer([x, x])
    np.testing.assert_array_equal(array(got), array(keras.layers.Attention()([x, x])))


def formula(layer, x):
    pixels = x.reshape(len(x), -1, x.shape[-1]).astype("float64")
    query, key, value = (
        pixels @ array(dense.kernel) + array(dense.bias)
        for dense in (layer.query, layer.key, layer.value)
    )
    logits = query @ key.transpose(0, 2, 1) / np.sqrt(layer.units)
    logits = logits * (1.0 if layer.scale is None else array(layer.scale))
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return x + array(layer.gamma) * (weights @ value).reshape(x.shape), weights


@pytest.mark.parametrize("use_scale", [False, True])
@pytest.mark.parametrize("shape", [(2, 9, 6), (2, 4, 5, 6), (2, 3, 2, 4, 6)], ids=len)
def test_pixels_follow_the_formula(shape, use_scale):
    layer = fill(Attention(use_scale, units=3, data_format="channels_last"), shape)
    if use_scale:
        layer.scale.assign(1.7)
    x = image(*shape)
    output, attention = layer(x, return_attention_scores=True)
    want, want_attention = formula(layer, x)
    np.testing.assert_allclose(array(output), want, atol=1e-5)
    np.testing.assert_allclose(array(attention), want_attention, atol=1e-5)


def test_equals_the_published_code_of_sagan():
    stored = np.load(SAGAN)
    x = stored["x"]
    layer = Attention(data_format="channels_last")
    layer.build(x.shape)
    for name in ("query", "key", "value"):
        factor = np.sqrt(layer.query.units) if name == "query" else 1  # SAGAN does not scale
        getattr(layer, name).kernel.assign(stored[f"{name}/kernel"] * factor)
        getattr(layer, name).bias.assign(stored[f"{name}/bias"] * factor)
    layer.gamma.assign(stored["gamma"])
    output, attention = layer(x, return_attention_scores=True)
    np.testing.assert_allclose(array(output), stored["y"], atol=2e-5)
    np.testing.assert_allclose(array(attention), stored["attention"], atol=2e-5)


def test_starts_as_the_identity():
    x = image(2, 4, 5, 6)
    np.testing.assert_array_equal(array(Attention(data_format="channels_last")(x)), x)


@pytest.mark.parametrize(("channels", "units"), [(32, 4), (20, 2), (3, 1)])
def test_units_are_an_eighth_of_the_channels(channels, units):
    layer = Attention(data_format="channels_last")
    layer.build((None, None, None, channels))
    assert layer.query.units == layer.key.units == units
    assert layer.value.units == channels


def test_drops_out_in_training_only():
    shape = (2, 4, 5, 6)
    x = image(*shape)
    dropping = fill(Attention(dropout=0.5, seed=1, data_format="channels_last"), shape)
    plain = fill(Attention(data_format="channels_last"), shape)
    want = array(plain(x))
    np.testing.assert_array_equal(array(dropping(x)), want)
    np.testing.assert_array_equal(array(plain(x, training=True)), want)
    output, attention = dropping(x, training=True, return_attention_scores=True)
    assert np.abs(array(output) - want).max() > 1e-3
    np.testing.assert_allclose(array(attention).sum(-1), 1, atol=1e-5)
    assert not np.array_equal(array(dropping(x, training=True)), array(output))


def test_score_mode_is_kept():
    layer = Attention(score_mode="concat")
    assert Attention.from_config(layer.get_config()).score_mode == "concat"


def test_config_holds_the_arguments_for_maps():
    arguments = {"use_scale": True, "dropout": 0.1, "seed": 3, "units": 4, "return_attention": True}
    config = Attention(**arguments, data_format="channels_first").get_config()
    assert config.items() >= (arguments | {"data_format": "channels_first"}).items()
    assert Attention.from_config(config).get_config() == config


def test_two_layers_keep_their_own_arguments(tmp_path):
    inputs = keras.Input((4, 5, 6))
    x = Attention(units=2, name="first", data_format="channels_last")(inputs)
    x = Attention(True, units=3, name="second", data_format="channels_last")(x)
    model = keras.Model(inputs, x)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for name, units, use_scale in (("first", 2, False), ("second", 3, True)):
        layer = loaded.get_layer(name)
        assert (layer.units, layer.query.units, layer.use_scale) == (units, units, use_scale)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"units": 0}, "0"),
        ({"units": -3}, "-3"),
        ({"units": 2.5}, "2.5"),
        ({"units": True}, "True"),
        ({"units": "8"}, "'8'"),
        ({"dropout": 1.5}, "1.5"),
        ({"dropout": -0.1}, "-0.1"),
        ({"score_mode": "cosine"}, "cosine"),
        ({"data_format": "nhwc"}, "nhwc"),
        ({"gamma_initializer": "nought"}, "gamma_initializer .*'nought'"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        Attention(**arguments)


@pytest.mark.parametrize(
    ("arguments", "inputs", "named"),
    [
        ({"units": 4}, [QUERY, VALUE], "units=4"),
        ({"score_mode": "concat"}, image(1, 3, 3, 4), "concat"),
        ({}, image(3, 4), r"\(3, 4\)"),
        ({}, image(1, 2, 2, 2, 2, 2), r"\(1, 2, 2, 2, 2, 2\)"),
    ],
)
def test_refuses_what_does_not_go_together(arguments, inputs, named):
    with pytest.raises(ValueError, match=named):
        Attention(**arguments)(inputs)


def test_gamma_starts_where_it_is_told_to():
    x = image(1, 3, 3, 4)
    layer = Attention(units=2, gamma_initializer=keras.initializers.Constant(0.5))
    layer(x)
    again = Attention.from_config(layer.get_config())
    again(x)
    assert array(layer.gamma) == array(again.gamma) == 0.5


def test_refuses_unknown_channels():
    with pytest.raises(ValueError, match=r"known number of channels.*None"):
        Attention(data_format="channels_last")(keras.Input((4, 4, None)))


def test_refuses_a_causal_mask_on_a_map():
    with pytest.raises(ValueError, match="use_causal_mask=True"):
        Attention(data_format="channels_last")(image(1, 3, 3, 4), use_causal_mask=True)

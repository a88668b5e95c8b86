import numpy as np
import pytest

from regard.layers import dot_product
from regard.layers.multi_head_pixel import MultiHeadPixelAttention
from regard.testing.case import array, awake, image

SHAPE = (2, 5, 7, 6)
OPTIONS = {
    "plain": {"heads": 2},
    "narrow": {"heads": 3, "key_channels": 4, "use_bias": False},
    "grouped": {"heads": 4, "key_channels": 3, "key_value_heads": 2},
    "shared": {"heads": 3, "key_value_heads": 1},
    "rotary": {"heads": 2, "key_channels": 8, "rotary": True},
    "registers": {"heads": 2, "registers": 3},
    "pooled": {"heads": 2, "pool_size": 2},
    "all": {
        "heads": 4,
        "key_channels": 8,
        "key_value_heads": 2,
        "rotary": True,
        "registers": 2,
        "pool_size": 3,
    },
}


def make(**arguments):
    return MultiHeadPixelAttention(data_format="channels_last", **arguments)


def dense(layer, pixels):
    output = pixels @ array(layer.kernel)
    return output + array(layer.bias) if layer.use_bias else output


def turned(vector, place):
    """Turns pairs of the first half with the row, pairs of the second with the column."""
    quarter = len(vector) // 4
    out = np.empty(len(vector))
    for pair in range(len(vector) // 2):
        axis, number = divmod(pair, quarter)
        angle = place[axis] * 100.0 ** (-number / quarter)
        a, b = vector[2 * pair], vector[2 * pair + 1]
        out[2 * pair] = a * np.cos(angle) - b * np.sin(angle)
        out[2 * pair + 1] = a * np.sin(angle) + b * np.cos(angle)
    return out


def cells_of(image, pool):
    """The means and centres of square cells, cut off at the border."""
    height, width, _ = image.shape
    means, places = [], []
    for row in range(0, height, pool):
        for column in range(0, width, pool):
            rows = range(row, min(row + pool, height))
            columns = range(column, min(column + pool, width))
            means.append(np.mean([image[i, j] for i in rows for j in columns], axis=0))
            places.append((np.mean(rows), np.mean(columns)))
    return np.array(means), places


def formula(layer, x):
    outputs, maps = zip(*(formula_of_one(layer, each.astype("float64")) for each in x), strict=True)
    return np.stack(outputs), np.stack(maps)


def formula_of_one(layer, x):
    width, channels = x.shape[1:]
    pixels = x.reshape(-1, channels)
    cells, centres = cells_of(x, layer.pool_size)
    queries, keys, values = (
        dense(layer.query, pixels),
        dense(layer.key, cells),
        dense(layer.value, cells),
    )
    sharing = layer.key_value_heads or layer.heads
    size = queries.shape[1] // layer.heads
    gathered, maps = [], []
    for head in range(layer.heads):
        of = head * sharing // layer.heads
        query = queries[:, head * size : (head + 1) * size]
        key, value = (each[:, of * size : (of + 1) * size] for each in (keys, values))
        if layer.rotary:
            query = np.stack([turned(q, divmod(n, width)) for n, q in enumerate(query)])
            key = np.stack([turned(k, place) for k, place in zip(key, centres, strict=True)])
        if layer.registers:
            key = np.concatenate([key, array(layer.register_keys)[of]])
            value = np.concatenate([value, array(layer.register_values)[of]])
        weights = np.exp(query @ key.T / np.sqrt(size))
        weights /= weights.sum(1, keepdims=True)
        gathered.append(weights @ value)
        maps.append(weights)
    added = dense(layer.project, np.concatenate(gathered, axis=1))
    return x + array(layer.gamma) * added.reshape(x.shape), np.stack(maps)


@pytest.mark.parametrize("arguments", OPTIONS.values(), ids=OPTIONS)
def test_follows_the_formula(arguments):
    layer, x = awake(make(**arguments), SHAPE), image(SHAPE)
    output, attention = layer(x, return_attention_scores=True)
    want, want_attention = formula(layer, x)
    if layer.registers:
        attention = np.concatenate([array(attention["pixel"]), array(attention["register"])], -1)
    np.testing.assert_allclose(array(output), want, atol=1e-5 * np.abs(want).max())
    np.testing.assert_allclose(array(attention), want_attention, atol=1e-5)


@pytest.mark.parametrize("arguments", OPTIONS.values(), ids=OPTIONS)
def test_output_in_parts_is_the_same(arguments, monkeypatch):
    layer, x = awake(make(**arguments), SHAPE), image(SHAPE)
    want = array(layer(x))
    monkeypatch.setattr(dot_product, "WHOLE", 1)
    monkeypatch.setattr(dot_product, "PART", 200)
    np.testing.assert_allclose(array(layer(x)), want, rtol=1e-5, atol=1e-5)


def test_rotary_attention_depends_on_distance_alone():
    layer = awake(make(heads=1, key_channels=8, rotary=True), SHAPE)
    alike = np.broadcast_to(image((1, 1, 1, 6)), (1, 5, 7, 6))
    logits = np.log(array(layer(alike, return_attention_scores=True)[1])[0, 0])
    logits = logits.reshape(5, 7, 5, 7)
    at = logits[1, 2] - logits[1, 2, 1, 2]
    moved = logits[2, 4] - logits[2, 4, 2, 4]
    np.testing.assert_allclose(moved[1:, 2:], at[:-1, :-2], atol=1e-4)
    assert np.ptp(at) > 0.1


def test_pixel_and_register_together_sum_to_one():
    layer = awake(make(heads=2, registers=3), SHAPE)
    maps = layer(image(SHAPE), return_attention_scores=True)[1]
    assert maps["pixel"].shape == (2, 2, 35, 35)
    assert maps["register"].shape == (2, 2, 35, 3)
    total = array(maps["pixel"]).sum(-1) + array(maps["register"]).sum(-1)
    np.testing.assert_allclose(total, 1, atol=1e-5)


def test_widths():
    layer = make(key_value_heads=2)
    layer.build((None, None, None, 32))
    assert (layer.query.units, layer.key.units, layer.value.units) == (32, 8, 8)


def test_starts_as_the_identity():
    x = image((2, 5, 7, 8))
    np.testing.assert_array_equal(array(make()(x)), x)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"heads": 0}, "heads.*0"),
        ({"key_channels": 0}, "key_channels.*0"),
        ({"key_value_heads": 3}, "key_value_heads=3.*8 heads"),
        ({"rotary": 1}, "rotary.*1"),
        ({"registers": -1}, "registers.*-1"),
        ({"pool_size": 0}, "pool_size.*0"),
        ({"use_bias": "no"}, "use_bias.*'no'"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        make(**arguments)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [({"heads": 4}, "heads=4.*6 channels"), ({"heads": 1, "rotary": True}, "rotary=True.*4.*6")],
)
def test_refuses_what_does_not_go_together(arguments, named):
    with pytest.raises(ValueError, match=named):
        make(**arguments).build(SHAPE)

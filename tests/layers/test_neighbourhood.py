import itertools

import numpy as np
import pytest

from regard.layers.neighbourhood import NeighbourhoodAttention

import keras  # isort: skip

LAST = {"data_format": "channels_last"}


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def awake(layer, shape):
    layer.build(shape)
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return layer


def first(place, size, kernel):
    """Where the neighbourhood of a place begins, found by trying all that are on the map."""
    starts = range(max(size - kernel, 0) + 1)
    return min(starts, key=lambda start: abs(start + kernel // 2 - place))


def formula(weights, x, heads, kernel):
    q, k, v = (
        (x @ weights[f"{n}/kernel"] + weights.get(f"{n}/bias", 0)).reshape(*x.shape[:3], heads, -1)
        for n in ("query", "key", "value")
    )
    batch, rows, columns, channels = x.shape
    size = channels // heads
    gathered = np.zeros(x.shape)
    attention = np.zeros((batch, heads, rows, columns, kernel, kernel))
    for b, h, i, j in np.ndindex(batch, heads, rows, columns):
        top, left = first(i, rows, kernel), first(j, columns, kernel)
        logits = np.full((kernel, kernel), -np.inf)
        for r, c in itertools.product(range(kernel), repeat=2):
            if top + r < rows and left + c < columns:
                bias = weights["position_bias"][
                    h, top + r - i + kernel - 1, left + c - j + kernel - 1
                ]
                logits[r, c] = q[b, i, j, h] @ k[b, top + r, left + c, h] / size**0.5 + bias
        p = np.exp(logits - logits.max())
        attention[b, h, i, j] = p / p.sum()
        for r, c in np.argwhere(p):
            gathered[b, i, j, h * size : (h + 1) * size] += (
                attention[b, h, i, j, r, c] * v[b, top + r, left + c, h]
            )
    output = gathered @ weights["project/kernel"] + weights["project/bias"]
    return output, attention.reshape(*attention.shape[:4], -1)


@pytest.mark.parametrize(
    ("size", "kernel", "use_bias"),
    [
        ((5, 7), 3, True),
        ((5, 7), 5, False),
        ((4, 9), 5, True),
        ((2, 3), 5, True),
        ((1, 1), 3, True),
        ((11, 17), 3, True),
        ((3, 13), 5, False),
    ],
)
def test_is_the_formula(size, kernel, use_bias):
    x = np.random.default_rng(4).normal(size=(2, *size, 8)).astype("float32")
    layer = NeighbourhoodAttention(kernel, heads=2, use_bias=use_bias, **LAST)
    awake(layer, (None, None, None, 8))
    weights = {w.path.split("/", 1)[1]: array(w) for w in layer.weights}
    output, attention = map(array, layer(x, return_attention_scores=True))
    want, want_attention = formula(weights, x, 2, kernel)
    np.testing.assert_allclose(output, want, rtol=1e-5, atol=1e-5 * np.abs(want).max())
    np.testing.assert_allclose(attention, want_attention, rtol=1e-5, atol=1e-5)


def test_corners_have_all_neighbours_on_the_map():
    layer = awake(NeighbourhoodAttention(3, heads=2, **LAST), (None, 5, 7, 8))
    x = np.random.default_rng(4).normal(size=(1, 5, 7, 8))
    _, attention = layer(x, return_attention_scores=True)
    assert (array(attention)[:, :, [0, 0, -1, -1], [0, -1, 0, -1]] > 0).all()


def test_has_the_papers_defaults():
    layer = NeighbourhoodAttention(**LAST)
    layer.build((None, None, None, 64))
    assert layer.kernel_size == 7
    assert tuple(layer.position_bias.shape) == (2, 13, 13)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"kernel_size": 4}, "kernel_size.*odd.*4.*3 or 5"),
        ({"kernel_size": 0}, "kernel_size.*0"),
        ({"heads": 0}, "heads.*0"),
        ({"use_bias": "no"}, "use_bias.*'no'"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        NeighbourhoodAttention(**arguments)


@pytest.mark.parametrize(("heads", "channels"), [(3, 8), (None, 100)])
def test_refuses_heads_that_do_not_divide_the_channels(heads, channels):
    with pytest.raises(ValueError, match=rf"heads=3 does not divide the {channels}"):
        NeighbourhoodAttention(heads=heads, **LAST).build((2, 5, 7, channels))

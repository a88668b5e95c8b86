import itertools

import numpy as np
import pytest

from regard.layers.outlook import OutlookAttention

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


def formula(weights, x, heads, kernel):
    batch, rows, columns, channels = x.shape
    size, pixels, middle = channels // heads, kernel**2, kernel // 2
    values = x @ weights["value/kernel"] + weights.get("value/bias", 0)
    logits = x @ weights["weigh/kernel"] + weights["weigh/bias"]
    logits = logits.reshape(batch, rows, columns, heads, pixels, pixels) / size**0.5
    attention = np.exp(logits - logits.max(-1, keepdims=True))
    attention /= attention.sum(-1, keepdims=True)
    mixed = np.zeros(x.shape)
    window = list(itertools.product(range(-middle, middle + 1), repeat=2))

    def on_map(i, j):
        return 0 <= i < rows and 0 <= j < columns

    for b, i, j, h in np.ndindex(batch, rows, columns, heads):
        part = slice(h * size, (h + 1) * size)
        for (n, (r, c)), (m, (s, d)) in itertools.product(enumerate(window), repeat=2):
            if on_map(i + r, j + c) and on_map(i + s, j + d):
                weight = attention[b, i, j, h, n, m]
                mixed[b, i + r, j + c, part] += weight * values[b, i + s, j + d, part]
    output = mixed @ weights["project/kernel"] + weights["project/bias"]
    return output, attention.transpose(0, 3, 1, 2, 4, 5)


@pytest.mark.parametrize(
    ("size", "kernel", "use_bias"),
    [((5, 7), 3, False), ((4, 3), 5, True), ((1, 2), 3, False)],
)
def test_is_the_formula(size, kernel, use_bias):
    x = np.random.default_rng(4).normal(size=(2, *size, 8)).astype("float32")
    layer = OutlookAttention(kernel, heads=2, use_bias=use_bias, **LAST)
    awake(layer, (None, None, None, 8))
    weights = {w.path.split("/", 1)[1]: array(w) for w in layer.weights}
    output, attention = map(array, layer(x, return_attention_scores=True))
    want, want_attention = formula(weights, x, 2, kernel)
    np.testing.assert_allclose(output, want, rtol=1e-5, atol=1e-5 * np.abs(want).max())
    np.testing.assert_allclose(attention, want_attention, rtol=1e-5, atol=1e-5)


def test_has_the_papers_defaults():
    layer = OutlookAttention(**LAST)
    layer.build((None, None, None, 192))
    found = {w.path.split("/", 1)[1]: tuple(w.shape) for w in layer.weights}
    assert found == {
        "value/kernel": (192, 192),
        "weigh/kernel": (192, 6 * 81),
        "weigh/bias": (6 * 81,),
        "project/kernel": (192, 192),
        "project/bias": (192,),
    }


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"kernel_size": 2}, "kernel_size.*odd.*2.*1 or 3"),
        ({"kernel_size": -1}, "kernel_size.*-1"),
        ({"heads": 1.5}, "heads.*1.5"),
        ({"use_bias": 0}, "use_bias.*0"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        OutlookAttention(**arguments)


@pytest.mark.parametrize(("heads", "channels"), [(3, 8), (None, 100)])
def test_refuses_heads_that_do_not_divide_the_channels(heads, channels):
    with pytest.raises(ValueError, match=rf"heads=3 does not divide the {channels}"):
        OutlookAttention(heads=heads, **LAST).build((2, 5, 7, channels))

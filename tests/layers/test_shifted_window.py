import itertools

import numpy as np
import pytest

from regard.layers.shifted_window import ShiftedWindowAttention

import keras  # isort: skip

LAST = {"data_format": "channels_last"}


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def image(*shape):
    return np.random.default_rng(4).normal(size=shape).astype("float32")


def awake(layer, shape):
    layer.build(shape)
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return layer


def starts(size, window, shift):
    """Where the windows begin that cover an axis, the first perhaps before it."""
    shift = shift if size > window else 0
    return range(shift - window if shift else 0, size, window)


def formula(weights, x, heads, window, shift):
    """Each window by itself, with no shift of the map and no padding."""
    q, k, v = (
        (x @ weights[f"{n}/kernel"] + weights.get(f"{n}/bias", 0)).reshape(*x.shape[:3], heads, -1)
        for n in ("query", "key", "value")
    )
    rows, columns, size = x.shape[1], x.shape[2], q.shape[-1]
    gathered, attention = np.zeros(x.shape), {}
    for top in starts(rows, window, shift):
        for left in starts(columns, window, shift):
            pixels = [
                (i, j)
                for i in range(max(top, 0), min(top + window, rows))
                for j in range(max(left, 0), min(left + window, columns))
            ]
            for b, h, (i, j) in itertools.product(range(x.shape[0]), range(heads), pixels):
                logits = np.array(
                    [
                        q[b, i, j, h] @ k[b, r, c, h] / size**0.5
                        + weights["position_bias"][
                            h, (r - i + window - 1) * (2 * window - 1) + c - j + window - 1
                        ]
                        for r, c in pixels
                    ]
                )
                p = np.exp(logits - logits.max())
                p /= p.sum()
                gathered[b, i, j, h * size : (h + 1) * size] = sum(
                    p[n] * v[b, r, c, h] for n, (r, c) in enumerate(pixels)
                )
                attention[b, h, i, j] = p
    return gathered @ weights["project/kernel"] + weights["project/bias"], attention


@pytest.mark.parametrize(
    ("size", "window", "shift", "use_bias"),
    [
        ((6, 9), 3, 0, True),
        ((6, 9), 3, 1, True),
        ((5, 7), 3, 2, True),
        ((5, 7), 4, 2, False),
        ((4, 10), 4, 3, True),
        ((3, 2), 7, 3, True),
        ((1, 5), 2, 1, True),
    ],
)
def test_is_the_formula(size, window, shift, use_bias):
    x = image(2, *size, 8)
    layer = ShiftedWindowAttention(window, shift, heads=2, use_bias=use_bias, **LAST)
    awake(layer, (None, None, None, 8))
    weights = {w.path.split("/", 1)[1]: array(w) for w in layer.weights}
    output, attention = map(array, layer(x, return_attention_scores=True))
    want, want_attention = formula(weights, x, 2, window, shift)
    np.testing.assert_allclose(output, want, rtol=1e-5, atol=1e-5 * np.abs(want).max())
    assert attention.shape == (2, 2, *size, window**2)
    for place, row in want_attention.items():
        got = attention[place]
        np.testing.assert_allclose(got[got > 0], row, rtol=1e-4, atol=1e-6)


def test_positions_are_those_of_the_window():
    layer = awake(ShiftedWindowAttention(4, 0, heads=1, **LAST), (1, 5, 7, 8))
    _, attention = layer(image(1, 5, 7, 8), return_attention_scores=True)
    last = array(attention)[0, 0, 4, 6].reshape(4, 4)
    np.testing.assert_array_equal(last > 0, np.outer([1, 0, 0, 0], [1, 1, 1, 0]) > 0)


def test_the_map_is_shifted_back():
    x = image(1, 8, 8, 8)
    layer = awake(ShiftedWindowAttention(4, 1, heads=2, **LAST), x.shape)
    changed = x.copy()
    changed[0, 0, 2] += 1
    differs = np.abs(array(layer(changed)) - array(layer(x))).max((0, 3)) > 1e-6
    window = np.zeros((8, 8), bool)
    window[:1, 1:5] = True
    np.testing.assert_array_equal(differs, window)


def test_has_the_papers_defaults():
    layer = ShiftedWindowAttention(**LAST)
    layer.build((None, None, None, 96))
    assert (layer.window_size, layer.shift, layer.position_bias.shape[0]) == (7, 3, 3)
    assert tuple(layer.position_bias.shape) == (3, 169)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"window_size": 0}, "window_size.*0"),
        ({"shift_size": 7}, "shift_size.*0…6.*7"),
        ({"shift_size": -1}, "shift_size.*-1"),
        ({"window_size": 2, "shift_size": 2}, "shift_size.*2"),
        ({"heads": 0}, "heads.*0"),
        ({"use_bias": None}, "use_bias.*None"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        ShiftedWindowAttention(**arguments)


@pytest.mark.parametrize(("heads", "channels"), [(3, 8), (None, 100)])
def test_refuses_heads_that_do_not_divide_the_channels(heads, channels):
    with pytest.raises(ValueError, match=rf"heads=3 does not divide the {channels}"):
        ShiftedWindowAttention(heads=heads, **LAST).build((2, 5, 7, channels))

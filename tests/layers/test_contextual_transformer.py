import itertools

import numpy as np
import pytest

from regard.layers.contextual_transformer import ContextualTransformer

import keras  # isort: skip

LAST = {"data_format": "channels_last"}


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def awake(layer, shape):
    layer.build(shape)
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        values = rng.normal(size=weight.shape) * 0.5
        weight.assign(np.exp(values) if "variance" in weight.path else values)
    return layer


def relu(x):
    return np.maximum(x, 0)


def around(x, i, j, kernel):
    """The window's pixels, row-major, with zeros beyond the border."""
    border = kernel // 2
    padded = np.pad(x, ((0, 0), (border, border), (border, border), (0, 0)))
    return padded[:, i : i + kernel, j : j + kernel].reshape(len(x), kernel**2, -1)


def formula(w, x, kernel, groups, heads):
    def norm(name, x):
        scale = w[f"{name}/gamma"] / np.sqrt(w[f"{name}/moving_variance"] + 1e-5)
        return (x - w[f"{name}/moving_mean"]) * scale + w[f"{name}/beta"]

    batch, rows, columns, channels = x.shape
    pixels, width, size = kernel**2, channels // groups, channels // heads
    static = np.zeros(x.shape)
    filters = w["context/kernel"].reshape(pixels, width, channels)
    for i, j, g in np.ndindex(rows, columns, groups):
        part = slice(g * width, (g + 1) * width)
        seen = around(x, i, j, kernel)[..., part]
        static[:, i, j, part] = np.einsum("bpc,pcf->bf", seen, filters[..., part])
    static = relu(norm("context_norm", static))

    both = np.concatenate([x, static], -1)
    hidden = relu(norm("reduce_norm", both @ w["reduce/kernel"]))
    local = hidden @ w["expand/kernel"] + w["expand/bias"]
    local = local.reshape(batch, rows, columns, heads, pixels)
    mean, variance = (f(local, axis=(1, 2, 4), keepdims=True) for f in (np.mean, np.var))
    local = (local - mean) / np.sqrt(variance + 1e-5)
    scale, offset = (w[f"local_norm/{n}"].reshape(heads, pixels) for n in ("gamma", "beta"))
    local = local * scale + offset

    values, dynamic = norm("value_norm", x @ w["value/kernel"]), np.zeros(x.shape)
    for i, j, h in itertools.product(range(rows), range(columns), range(heads)):
        part = slice(h * size, (h + 1) * size)
        seen = around(values, i, j, kernel)[..., part]
        dynamic[:, i, j, part] = (local[:, i, j, h, :, None] * seen).sum(1)
    dynamic = norm("dynamic_norm", dynamic)
    dynamic = dynamic / (1 + np.exp(-dynamic))

    means = (dynamic + static).mean((1, 2))
    hidden = relu(norm("squeeze_norm", means @ w["squeeze/kernel"]))
    logits = (hidden @ w["select/kernel"] + w["select/bias"]).reshape(batch, 2, channels)
    fusion = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    output = fusion[:, 0, None, None] * dynamic + fusion[:, 1, None, None] * static
    return output, {"local": local.transpose(0, 3, 1, 2, 4), "fusion": fusion}


@pytest.mark.parametrize(
    ("size", "kernel", "groups", "heads"), [((5, 7), 3, 4, 2), ((3, 4), 5, 2, 4), ((1, 2), 3, 1, 1)]
)
def test_is_the_formula(size, kernel, groups, heads):
    x = np.random.default_rng(4).normal(size=(2, *size, 8)).astype("float32")
    layer = ContextualTransformer(kernel, groups, heads, fusion_channels=5, **LAST)
    awake(layer, (None, None, None, 8))
    weights = {w.path.split("/", 1)[1]: array(w) for w in layer.weights}
    output, attention = layer(x, return_attention_scores=True)
    want, want_attention = formula(weights, x, kernel, groups, heads)
    close = {"rtol": 1e-5, "atol": 1e-5 * max(1, np.abs(want).max())}
    np.testing.assert_allclose(array(output), want, **close)
    for name, values in want_attention.items():
        np.testing.assert_allclose(array(attention[name]), values, **close)


@pytest.mark.parametrize(("channels", "fusion"), [(64, 32), (128, 64)])
def test_has_the_papers_defaults(channels, fusion):
    layer = ContextualTransformer(**LAST)
    layer.build((None, None, None, channels))
    found = {w.path.split("/", 1)[1]: tuple(w.shape) for w in layer.trainable_weights}
    assert found["context/kernel"] == (3, 3, channels // 4, channels)
    assert found["reduce/kernel"] == (2 * channels, channels // 2)
    assert found["expand/kernel"] == (channels // 2, 9 * channels // 8)
    assert found["select/kernel"] == (fusion, 2 * channels)


def test_norms_follow_the_batch_in_training():
    x = np.random.default_rng(4).normal(size=(4, 5, 7, 8))
    layer = awake(ContextualTransformer(**LAST), x.shape)
    before = [array(weight) for weight in layer.non_trainable_weights]
    layer(x, training=True)
    assert len(before) == 10
    for weight, old in zip(layer.non_trainable_weights, before, strict=True):
        assert not np.array_equal(array(weight), old), weight.path


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"kernel_size": 4}, "kernel_size.*odd.*4"),
        ({"groups": 0}, "groups.*0"),
        ({"heads": True}, "heads.*True"),
        ({"reduction_ratio": 0.5}, "reduction_ratio.*0.5"),
        ({"fusion_channels": -2}, "fusion_channels.*-2"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        ContextualTransformer(**arguments)


@pytest.mark.parametrize(
    ("arguments", "channels", "named"),
    [
        ({}, 6, "groups=4 does not divide the 6"),
        ({"heads": 3}, 8, "heads=3 does not divide the 8"),
        ({"reduction_ratio": 9}, 8, "reduction_ratio=9 is more than the 8"),
    ],
)
def test_refuses_what_does_not_go_with_the_channels(arguments, channels, named):
    with pytest.raises(ValueError, match=named):
        ContextualTransformer(**arguments, **LAST).build((2, 5, 7, channels))

import math

import numpy as np
import pytest

from regard.layers.spatial_gating import SpatialGating
from regard.testing.case import image

import keras  # isort: skip


def array(tensor):
    return keras.ops.convert_to_numpy(tensor).astype("float64")


def normalised(norm, x):
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return scaled * array(norm.gamma) + array(norm.beta)


def projected(dense, x):
    return x @ array(dense.kernel) + array(dense.bias)


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def formula(layer, x):
    pixels = x.astype("float64").reshape(len(x), -1, x.shape[-1])
    hidden = gelu(projected(layer.expand, normalised(layer.norm, pixels)))
    half = hidden.shape[-1] // 2
    gating = normalised(layer.gate_norm, hidden[..., half:])
    weights, offset = array(layer.gate.kernel), array(layer.gate.bias)
    attention = np.zeros_like(gating)
    for query in range(pixels.shape[1]):
        attention[:, query] = offset[query]
        for key in range(pixels.shape[1]):
            attention[:, query] += weights[key, query] * gating[:, key]
    output = pixels + projected(layer.project, hidden[..., :half] * attention)
    return output.reshape(x.shape), attention.reshape(*x.shape[:-1], half)


@pytest.mark.parametrize("shape", [(2, 9, 6), (2, 4, 3, 6), (2, 2, 3, 2, 6)], ids=len)
def test_follows_the_formula(shape):
    layer, x = SpatialGating(2, data_format="channels_last"), image(shape)
    layer.build(shape)
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    output, attention = layer(x, return_attention_scores=True)
    want, want_attention = formula(layer, x)
    np.testing.assert_allclose(array(output), want, atol=1e-5 * np.abs(want).max())
    scale = np.abs(want_attention).max()
    np.testing.assert_allclose(array(attention), want_attention, atol=1e-5 * scale)


def test_starts_as_a_block_of_each_pixel_by_itself():
    layer, x = SpatialGating(data_format="channels_last"), image()
    output, attention = layer(x, return_attention_scores=True)
    np.testing.assert_allclose(array(attention), 1, atol=1e-4)
    changed = x.copy()
    changed[:, 0, 0] += 1
    np.testing.assert_allclose(array(layer(changed))[:, 1:], array(output)[:, 1:], atol=1e-3)


def test_widths_are_those_of_the_paper():
    layer = SpatialGating(data_format="channels_last")
    layer.build((None, 4, 5, 16))
    assert layer.expand.units == 96
    assert tuple(layer.gate.kernel.shape) == (20, 20)
    assert tuple(layer.project.kernel.shape) == (48, 16)


@pytest.mark.parametrize("argument", ["expansion_ratio", "expanded_channels"])
def test_wrong_arguments_are_named(argument):
    with pytest.raises(ValueError, match=f"{argument} must be .*0"):
        SpatialGating(**{argument: 0})


@pytest.mark.parametrize("arguments", [{"expansion_ratio": 1}, {"expanded_channels": 7}])
def test_an_odd_number_of_channels_has_no_halves(arguments):
    layer = SpatialGating(data_format="channels_last", **arguments)
    with pytest.raises(ValueError, match=r"give 7 channels.*Choose expanded_channels=8"):
        layer.build((None, 4, 5, 7))


def test_an_unknown_size_is_an_error():
    layer = SpatialGating(data_format="channels_last")
    with pytest.raises(ValueError, match="known spatial size"):
        layer.build((None, None, 5, 8))

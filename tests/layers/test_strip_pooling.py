import numpy as np
import pytest

from regard.layers.strip_pooling import StripPooling

import keras  # isort: skip


def array(tensor):
    return keras.ops.convert_to_numpy(tensor).astype("float64")


def awake(layer, shape):
    layer.build(shape)
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        weight.assign(rng.uniform(0.5, 1.5, weight.shape) * rng.choice([-1, 1], weight.shape))
    for norm in (layer.row_norm, layer.column_norm):
        norm.moving_variance.assign(abs(array(norm.moving_variance)))
    return layer


def line_features(line, convolution, norm):
    kernel = array(convolution.kernel)
    size = len(kernel)
    padded = np.pad(line, ((0, 0), (size // 2,) * 2, (0, 0)))
    features = np.zeros((*line.shape[:2], kernel.shape[-1]))
    for place in range(line.shape[1]):
        for offset in range(size):
            features[:, place] += padded[:, place + offset] @ kernel[offset]
    scale = array(norm.gamma) / np.sqrt(array(norm.moving_variance) + 1e-5)
    return (features - array(norm.moving_mean)) * scale + array(norm.beta)


def formula(layer, x):
    x = x.astype("float64")
    row = line_features(x.mean(2), layer.row, layer.row_norm)
    column = line_features(x.mean(1), layer.column, layer.column_norm)
    gate = np.zeros(x.shape)
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            features = np.maximum(row[:, i] + column[:, j], 0)
            logits = features @ array(layer.project.kernel) + array(layer.project.bias)
            gate[:, i, j] = 1 / (1 + np.exp(-logits))
    return gate * x, gate


@pytest.mark.parametrize("arguments", [{}, {"kernel_size": 5, "filters": 3}])
def test_follows_the_formula(arguments):
    x = np.random.default_rng(4).normal(size=(2, 5, 7, 6)).astype("float32")
    layer = awake(StripPooling(data_format="channels_last", **arguments), x.shape)
    output, attention = layer(x, return_attention_scores=True)
    want, want_attention = formula(layer, x)
    np.testing.assert_allclose(array(output), want, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(array(attention), want_attention, rtol=1e-5, atol=1e-5)


def test_widths_are_those_of_the_channels_by_default():
    layer = awake(StripPooling(data_format="channels_last"), (None, None, None, 6))
    assert tuple(layer.row.kernel.shape) == tuple(layer.column.kernel.shape) == (3, 6, 6)
    assert tuple(layer.project.kernel.shape) == (6, 6)


@pytest.mark.parametrize(("argument", "value"), [("kernel_size", 2), ("filters", 0)])
def test_a_wrong_argument_is_named(argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be .*{value!r}"):
        StripPooling(**{argument: value})

import numpy as np
import pytest

from regard.layers.parnet import ParNetAttention

import keras  # isort: skip


def array(tensor):
    return keras.ops.convert_to_numpy(tensor).astype("float64")


def awake(layer, shape):
    layer.build(shape)
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    for norm in (layer.skip_norm, layer.wide_norm, layer.point_norm):
        norm.moving_variance.assign(rng.uniform(0.5, 1.5, norm.moving_variance.shape))
    return layer


def normalised(norm, x):
    scale = array(norm.gamma) / np.sqrt(array(norm.moving_variance) + 1e-5)
    return (x - array(norm.moving_mean)) * scale + array(norm.beta)


def convolved(convolution, x):
    kernel = array(convolution.kernel)
    height, width = x.shape[1:3]
    border = (len(kernel) // 2,) * 2
    padded = np.pad(x, ((0, 0), border, border, (0, 0)))
    total = np.zeros(x.shape)
    for i in range(len(kernel)):
        for j in range(len(kernel)):
            total += padded[:, i : i + height, j : j + width] @ kernel[i, j]
    return total


def formula(layer, x):
    x = x.astype("float64")
    skip = normalised(layer.skip_norm, x)
    logits = skip.mean((1, 2)) @ array(layer.gate.kernel)
    if layer.use_bias:
        logits += array(layer.gate.bias)
    gate = 1 / (1 + np.exp(-logits))
    total = gate[:, None, None] * skip
    total += normalised(layer.wide_norm, convolved(layer.wide, x))
    total += normalised(layer.point_norm, convolved(layer.point, x))
    return total / (1 + np.exp(-total)), gate


@pytest.mark.parametrize("arguments", [{}, {"kernel_size": 5, "use_bias": True}])
def test_follows_the_formula(arguments):
    x = np.random.default_rng(4).normal(size=(2, 5, 7, 6)).astype("float32")
    layer = awake(ParNetAttention(data_format="channels_last", **arguments), x.shape)
    output, attention = layer(x, return_attention_scores=True)
    want, want_attention = formula(layer, x)
    np.testing.assert_allclose(array(output), want, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(array(attention), want_attention, rtol=1e-5, atol=1e-5)


def test_only_the_normalisations_have_an_offset_by_default():
    layer = awake(ParNetAttention(data_format="channels_last"), (None, None, None, 6))
    assert tuple(layer.wide.kernel.shape) == (3, 3, 6, 6)
    assert not [weight.path for weight in layer.weights if weight.path.endswith("bias")]


@pytest.mark.parametrize(("argument", "value"), [("kernel_size", 4), ("use_bias", "no")])
def test_a_wrong_argument_is_named(argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be .*{value!r}"):
        ParNetAttention(**{argument: value})

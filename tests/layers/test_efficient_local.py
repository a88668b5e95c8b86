import numpy as np
import pytest

from regard.layers.efficient_local import EfficientLocalAttention

import keras  # isort: skip


def array(tensor):
    return keras.ops.convert_to_numpy(tensor).astype("float64")


def awake(layer, shape):
    layer.build(shape)
    rng = np.random.default_rng(3)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


def gate(layer, line):
    channels = line.shape[-1]
    size = channels // (layer.groups or channels)
    # The kernel is (size, channels, 1) with a group a channel, and else (size, inputs, channels).
    kernel = array(layer.convolution.kernel)
    kernel = kernel if layer.groups else np.swapaxes(kernel, 1, 2)
    padded = np.pad(line, ((0, 0), (layer.kernel_size // 2,) * 2, (0, 0)))
    convolved = np.zeros(line.shape)
    for place in range(line.shape[1]):
        for channel in range(channels):
            first = channel // size * size
            window = padded[:, place : place + layer.kernel_size, first : first + size]
            convolved[:, place, channel] = (window * kernel[..., channel]).sum((1, 2))
    for group in np.split(np.arange(channels), layer.norm_groups):
        values = convolved[..., group]
        mean, variance = values.mean((1, 2)), values.var((1, 2))
        norm = (values - mean[:, None, None]) / np.sqrt(variance + 1e-5)[:, None, None]
        convolved[..., group] = norm
    return 1 / (1 + np.exp(-convolved * array(layer.norm.gamma) - array(layer.norm.beta)))


@pytest.mark.parametrize(
    "arguments",
    [{"norm_groups": 4}, {"kernel_size": 5, "groups": 2, "norm_groups": 2}],
    ids=["a group a channel", "two groups"],
)
def test_follows_the_formula(arguments):
    x = np.random.default_rng(4).normal(size=(2, 5, 7, 8)).astype("float32")
    layer = awake(EfficientLocalAttention(data_format="channels_last", **arguments), x.shape)
    output, attention = layer(x, return_attention_scores=True)
    row, column = gate(layer, x.mean(2)), gate(layer, x.mean(1))
    np.testing.assert_allclose(array(attention["row"]), row, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(array(attention["column"]), column, rtol=1e-5, atol=1e-5)
    want = x * row[:, :, None] * column[:, None]
    np.testing.assert_allclose(array(output), want, rtol=1e-5, atol=1e-5)


def test_is_ela_b_by_default():
    layer = awake(EfficientLocalAttention(data_format="channels_last"), (None, None, None, 32))
    assert tuple(layer.convolution.kernel.shape) == (7, 32, 1)
    assert layer.norm.groups == 16
    assert not layer.convolution.use_bias


@pytest.mark.parametrize(
    ("argument", "value"), [("kernel_size", 4), ("groups", 0), ("norm_groups", 1.5)]
)
def test_a_wrong_argument_is_named(argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be .*{value!r}"):
        EfficientLocalAttention(**{argument: value})


@pytest.mark.parametrize("arguments", [{"groups": 3, "norm_groups": 4}, {"norm_groups": 3}])
def test_groups_have_to_divide_the_channels(arguments):
    layer = EfficientLocalAttention(data_format="channels_last", **arguments)
    with pytest.raises(ValueError, match="groups=3 does not divide the 8 channels"):
        layer.build((None, 5, 7, 8))

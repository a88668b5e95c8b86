import numpy as np
import pytest

from regard.layers.second_order_channel import SecondOrderChannelAttention
from regard.testing.case import array, awake, image

SHAPE = (2, 5, 7, 6)


def newton_schulz(matrix, iterations):
    trace, identity = np.trace(matrix), np.eye(len(matrix))
    y, z = matrix / trace, identity
    for _ in range(iterations):
        y, z = y @ (3 * identity - z @ y) / 2, (3 * identity - z @ y) @ z / 2
    return y * np.sqrt(trace)


def formula(layer, x, root):
    gates = np.empty((len(x), x.shape[-1]))
    for n, one in enumerate(x.astype("float64")):
        z = root(np.cov(one.reshape(-1, x.shape[-1]).T, bias=True)).mean(1)
        hidden = np.maximum(dense(layer.reduce, z), 0)
        gates[n] = 1 / (1 + np.exp(-dense(layer.expand, hidden)))
    return x * gates[:, None, None], gates


def dense(layer, values):
    result = values @ array(layer.kernel)
    return result + array(layer.bias) if layer.use_bias else result


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("iterations", [1, 3, 5])
def test_follows_the_formula(iterations, use_bias):
    layer = SecondOrderChannelAttention(
        2, iterations=iterations, use_bias=use_bias, data_format="channels_last"
    )
    awake(layer, SHAPE)
    x = image(SHAPE)
    output, attention = layer(x, return_attention_scores=True)
    want, gates = formula(layer, x, lambda matrix: newton_schulz(matrix, iterations))
    np.testing.assert_allclose(array(attention), gates, rtol=1e-5)
    np.testing.assert_allclose(array(output), want, rtol=1e-5, atol=1e-6)


def test_many_iterations_give_the_square_root():
    def root(matrix):
        values, vectors = np.linalg.eigh(matrix)
        return vectors * np.sqrt(values) @ vectors.T

    layer = SecondOrderChannelAttention(2, iterations=12, data_format="channels_last")
    awake(layer, SHAPE)
    x = image(SHAPE)
    _, attention = layer(x, return_attention_scores=True)
    np.testing.assert_allclose(array(attention), formula(layer, x, root)[1], rtol=1e-5)


def test_a_map_without_variance_gives_the_gate_of_the_biases():
    layer = awake(SecondOrderChannelAttention(2, data_format="channels_last"), SHAPE)
    _, attention = layer(np.full(SHAPE, 3, "float32"), return_attention_scores=True)
    hidden = np.maximum(array(layer.reduce.bias), 0)
    want = 1 / (1 + np.exp(-dense(layer.expand, hidden)))
    np.testing.assert_allclose(array(attention), [want, want], rtol=1e-5)


def test_reduces_to_a_sixteenth_by_default():
    layer = SecondOrderChannelAttention(data_format="channels_last")
    layer.build((None, None, None, 64))
    assert (layer.iterations, layer.reduce.units, layer.expand.units) == (5, 4, 64)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"reduction_ratio": 0}, "reduction_ratio.*0"),
        ({"reduced_channels": 1.5}, "reduced_channels.*1.5"),
        ({"iterations": 0}, "iterations.*0"),
        ({"use_bias": 1}, "use_bias.*1"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        SecondOrderChannelAttention(**arguments)


def test_refuses_fewer_channels_than_the_ratio():
    with pytest.raises(ValueError, match="reduction_ratio=16 is more than the 6 channels"):
        SecondOrderChannelAttention(data_format="channels_last").build(SHAPE)

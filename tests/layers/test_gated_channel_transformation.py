import numpy as np

from regard.layers.gated_channel_transformation import GatedChannelTransformation
from regard.testing.case import array, awake, image

SHAPE = (2, 5, 7, 6)


def formula(x, alpha, beta, gamma):
    gates = np.empty((len(x), x.shape[-1]))
    for n, one in enumerate(x.astype("float64")):
        norms = [
            alpha[c] * np.sqrt(sum(value**2 for value in one[..., c].flat) + 1e-5)
            for c in range(x.shape[-1])
        ]
        total = np.sqrt(sum(norm**2 for norm in norms) + 1e-5)
        for c, norm in enumerate(norms):
            share = np.sqrt(x.shape[-1]) * norm / total
            gates[n, c] = 1 + np.tanh(gamma[c] * share + beta[c])
    return x * gates[:, None, None], gates


def test_follows_the_formula():
    layer = awake(GatedChannelTransformation(data_format="channels_last"), SHAPE)
    x = image(SHAPE)
    output, attention = layer(x, return_attention_scores=True)
    want, gates = formula(x, *map(array, (layer.alpha, layer.beta, layer.gamma)))
    np.testing.assert_allclose(array(attention), gates, rtol=1e-5)
    np.testing.assert_allclose(array(output), want, rtol=1e-5, atol=1e-6)


def test_a_constant_zero_map_has_finite_gates():
    layer = awake(GatedChannelTransformation(data_format="channels_last"), SHAPE)
    output, attention = layer(np.zeros(SHAPE, "float32"), return_attention_scores=True)
    assert np.isfinite(array(attention)).all()
    np.testing.assert_array_equal(array(output), 0)

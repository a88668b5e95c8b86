import numpy as np
import pytest

from regard.layers.danet_channel import DanetChannelAttention

import keras  # isort: skip


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def run(x, gamma):
    layer = DanetChannelAttention(data_format="channels_last")
    layer.build(x.shape)
    layer.gamma.assign(gamma)
    return map(array, layer(x, return_attention_scores=True))


def test_the_least_alike_channel_weighs_most():
    a = np.array([1.0, 2.0, -1.0], "float32")
    x = np.stack([a, a, -a], axis=-1)[None]
    output, attention = run(x, gamma=0.5)
    like, unlike = np.exp(0.0), np.exp(12.0)
    total = 2 * like + unlike
    weights = [like / total, like / total, unlike / total]
    np.testing.assert_allclose(attention[0, 0], weights, rtol=1e-6)
    np.testing.assert_allclose(
        output[0, :, 0], a + 0.5 * a * (2 * like - unlike) / total, rtol=1e-5
    )


def test_starts_as_the_identity():
    x = np.random.default_rng(0).normal(size=(2, 5, 7, 8)).astype("float32")
    output, _ = run(x, gamma=0.0)
    np.testing.assert_array_equal(output, x)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_large_energies_stay_finite(policy):
    x = 1000 * np.random.default_rng(0).normal(size=(2, 16, 16, 8)).astype("float32")
    layer = DanetChannelAttention(data_format="channels_last", dtype=policy)
    layer.build(x.shape)
    layer.gamma.assign(1.0)
    output, attention = layer(x, return_attention_scores=True)
    assert np.isfinite(array(output)).all()
    np.testing.assert_allclose(array(attention).sum(-1), 1, atol=1e-5)

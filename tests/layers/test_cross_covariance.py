import numpy as np
import pytest

from regard.layers.cross_covariance import CrossCovarianceAttention
from regard.testing.case import array, awake, image


def make(**arguments):
    return CrossCovarianceAttention(data_format="channels_last", **arguments)


def dense(layer, pixels):
    output = pixels @ array(layer.kernel)
    return output + array(layer.bias) if layer.use_bias else output


def formula(layer, x):
    output, maps = np.empty(x.shape), []
    size = x.shape[-1] // layer.heads
    for n, each in enumerate(x.astype("float64")):
        pixels = each.reshape(-1, x.shape[-1])
        q, k, v = (dense(layer_, pixels) for layer_ in (layer.query, layer.key, layer.value))
        q, k = q / np.linalg.norm(q, axis=0), k / np.linalg.norm(k, axis=0)
        rebuilt, weights = np.empty(q.shape), np.empty((layer.heads, size, size))
        for head in range(layer.heads):
            own = slice(head * size, (head + 1) * size)
            logits = array(layer.temperature)[head, 0, 0] * q[:, own].T @ k[:, own]
            weights[head] = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            for i in range(size):
                rebuilt[:, head * size + i] = v[:, own] @ weights[head, i]
        output[n] = dense(layer.project, rebuilt).reshape(each.shape)
        maps.append(weights)
    return output, np.stack(maps)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("heads", [1, 2, 3])
def test_follows_the_formula(heads, use_bias):
    shape = (2, 5, 7, 6)
    layer, x = awake(make(heads=heads, use_bias=use_bias), shape), image(shape)
    layer.temperature.assign(np.linspace(1, 6, heads).reshape(heads, 1, 1))
    output, attention = layer(x, return_attention_scores=True)
    want, want_attention = formula(layer, x)
    np.testing.assert_allclose(array(output), want, atol=1e-5 * np.abs(want).max())
    np.testing.assert_allclose(array(attention), want_attention, atol=1e-5)


def test_defaults_are_those_of_the_paper():
    layer = make()
    layer.build((None, None, None, 32))
    assert layer.temperature.shape == (8, 1, 1)
    np.testing.assert_array_equal(array(layer.temperature), 1)
    assert layer.query.use_bias


def test_a_dark_map_stays_finite():
    layer = awake(make(heads=2, use_bias=False))
    output, attention = layer(np.zeros((2, 5, 7, 8), "float32"), return_attention_scores=True)
    np.testing.assert_allclose(array(attention), 0.25)
    assert np.isfinite(array(output)).all()


@pytest.mark.parametrize(
    ("arguments", "named"), [({"heads": 0}, "heads.*0"), ({"use_bias": None}, "use_bias.*None")]
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        make(**arguments)


@pytest.mark.parametrize(("heads", "named"), [(3, "heads=3.*8"), (8, "heads=8.*8 channels")])
def test_refuses_heads_that_do_not_fit(heads, named):
    with pytest.raises(ValueError, match=named):
        make(heads=heads).build((2, 5, 7, 8))

import numpy as np
import pytest

from regard.layers.spatial_group_enhance import SpatialGroupEnhance

import keras  # isort: skip


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def image(*shape):
    return np.random.default_rng(4).normal(size=shape).astype("float32")


def formula(layer, x):
    output, attention = np.empty(x.shape), np.empty((len(x), layer.groups, *x.shape[1:-1]))
    size = x.shape[-1] // layer.groups
    for n in range(len(x)):
        for group in range(layer.groups):
            own = slice(group * size, (group + 1) * size)
            vectors = x[n, ..., own].astype("float64")
            likeness = vectors @ vectors.mean((0, 1))
            t = (likeness - likeness.mean()) / (likeness.std() + 1e-5)
            gate = 1 / (1 + np.exp(-array(layer.gamma)[group] * t - array(layer.beta)[group]))
            attention[n, group] = gate
            output[n, ..., own] = gate[..., None] * vectors
    return output, attention


def test_follows_the_formula():
    layer, x = SpatialGroupEnhance(groups=3, data_format="channels_last"), image(2, 5, 7, 12)
    layer.build(x.shape)
    layer.gamma.assign([0.7, -1.3, 2.0])
    layer.beta.assign([0.2, 1.1, -0.6])
    output, attention = layer(x, return_attention_scores=True)
    want, want_attention = formula(layer, x)
    np.testing.assert_allclose(array(output), want, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(array(attention), want_attention, rtol=1e-5, atol=1e-5)


def test_starts_with_one_gate_everywhere():
    layer, x = SpatialGroupEnhance(data_format="channels_last"), image(2, 3, 4, 64)
    attention = array(layer(x, return_attention_scores=True)[1])
    assert attention.shape == (2, 64, 3, 4)
    np.testing.assert_allclose(attention, 1 / (1 + np.exp(-1)), rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 1, 1, 8), (2, 3, 4, 8)], ids=["one pixel", "flat"])
def test_a_flat_map_trains(shape):
    layer = SpatialGroupEnhance(groups=2, data_format="channels_last")
    model = keras.Sequential(
        [keras.Input(shape[1:]), keras.layers.Dense(8), layer, keras.layers.Flatten()]
    )
    layer.gamma.assign([1.0, 1.0])
    model.compile("sgd", "mse")
    model.fit(np.ones(shape), np.zeros((2, np.prod(shape[1:]))), verbose=0)
    assert all(np.isfinite(array(weight)).all() for weight in model.weights)


def test_a_wrong_argument_is_named():
    with pytest.raises(ValueError, match="groups must be an integer of at least 1, not 0"):
        SpatialGroupEnhance(groups=0)
    with pytest.raises(ValueError, match="groups=3 does not divide the 8 channels"):
        SpatialGroupEnhance(groups=3, data_format="channels_last").build((None, 5, 7, 8))

import numpy as np
import pytest

from regard.layers.gaussian_context import GaussianContext
from regard.testing.case import array, awake, image

SHAPE = (2, 5, 7, 6)


def formula(x, deviation):
    gates = np.empty((len(x), x.shape[-1]))
    for n, one in enumerate(x.astype("float64")):
        means = [one[..., c].mean() for c in range(x.shape[-1])]
        spread = np.sqrt(np.var(means) + 1e-5)
        for c, mean in enumerate(means):
            context = (mean - np.mean(means)) / spread
            gates[n, c] = np.exp(-(context**2) / (2 * deviation**2))
    return x * gates[:, None, None], gates


def check(layer, deviation):
    x = image(SHAPE)
    output, attention = layer(x, return_attention_scores=True)
    want, gates = formula(x, deviation)
    np.testing.assert_allclose(array(attention), gates, rtol=1e-5)
    np.testing.assert_allclose(array(output), want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("arguments", "deviation"), [({}, 2), ({"standard_deviation": 0.7}, 0.7)])
def test_follows_the_formula_with_a_fixed_deviation(arguments, deviation):
    layer = GaussianContext(data_format="channels_last", **arguments)
    check(layer, deviation)
    assert not layer.weights


@pytest.mark.parametrize(("lowest", "highest"), [(1.0, 4.0), (0.5, 0.9)])
def test_follows_the_formula_with_a_learned_deviation(lowest, highest):
    layer = GaussianContext(None, lowest, highest, data_format="channels_last")
    layer.build(SHAPE)
    check(layer, (lowest + highest) / 2)
    awake(layer)
    theta = float(array(layer.theta))
    check(layer, lowest + (highest - lowest) / (1 + np.exp(-theta)))
    assert layer.count_params() == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"standard_deviation": 0}, "standard_deviation.*0"),
        ({"standard_deviation": "2"}, "standard_deviation.*'2'"),
        ({"lowest": -1.0}, "lowest.*-1.0"),
        ({"lowest": 3.0, "highest": 3.0}, "highest.*above 3.0.*3.0"),
        ({"highest": float("inf")}, "highest.*inf"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        GaussianContext(**arguments)

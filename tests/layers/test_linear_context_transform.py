import numpy as np
import pytest

from regard.layers.linear_context_transform import LinearContextTransform
from regard.testing.case import array, awake, image

SHAPE = (2, 5, 7, 12)


def formula(x, scale, bias, groups):
    gates = np.empty((len(x), x.shape[-1]))
    size = x.shape[-1] // groups
    for n, one in enumerate(x.astype("float64")):
        for first in range(0, x.shape[-1], size):
            means = [one[..., c].mean() for c in range(first, first + size)]
            spread = np.sqrt(np.var(means) + 1e-5)
            for c, mean in enumerate(means, first):
                logit = scale[c] * (mean - np.mean(means)) / spread + bias[c]
                gates[n, c] = 1 / (1 + np.exp(-logit))
    return x * gates[:, None, None], gates


@pytest.mark.parametrize("groups", [1, 3, 12])
def test_follows_the_formula(groups):
    layer = awake(LinearContextTransform(groups, data_format="channels_last"), SHAPE)
    x = image(SHAPE)
    output, attention = layer(x, return_attention_scores=True)
    want, gates = formula(x, array(layer.scale), array(layer.bias), groups)
    np.testing.assert_allclose(array(attention), gates, rtol=1e-5)
    np.testing.assert_allclose(array(output), want, rtol=1e-5, atol=1e-6)


def test_starts_with_the_gate_of_one_everywhere():
    layer = LinearContextTransform(4, data_format="channels_last")
    _, attention = layer(image(SHAPE), return_attention_scores=True)
    np.testing.assert_allclose(array(attention), 1 / (1 + np.exp(-1)), rtol=1e-6)


def test_has_64_groups_by_default():
    assert LinearContextTransform().groups == 64


@pytest.mark.parametrize("groups", [0, -1, 2.0, True, "4"])
def test_names_wrong_groups(groups):
    with pytest.raises(ValueError, match="groups.*" + repr(groups)):
        LinearContextTransform(groups)


def test_groups_have_to_divide_the_channels():
    with pytest.raises(ValueError, match="groups=5 does not divide the 12 channels"):
        LinearContextTransform(5, data_format="channels_last").build(SHAPE)

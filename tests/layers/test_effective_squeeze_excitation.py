import numpy as np
import pytest

from regard.layers.effective_squeeze_excitation import EffectiveSqueezeExcitation
from regard.testing.case import array, awake, image


def test_can_have_a_sigmoid_and_no_bias():
    layer = EffectiveSqueezeExcitation("sigmoid", use_bias=False, data_format="channels_last")
    awake(layer)
    x = image()
    output, attention = layer(x, return_attention_scores=True)
    want = 1 / (1 + np.exp(-x.mean((1, 2)) @ array(layer.project.kernel)))
    np.testing.assert_allclose(array(attention), want, rtol=1e-5)
    np.testing.assert_allclose(array(output), x * want[:, None, None], rtol=1e-5, atol=1e-6)


def test_hard_gates_are_0_and_1_beyond_3():
    layer = awake(EffectiveSqueezeExcitation(data_format="channels_last"))
    layer.project.bias.assign([-9, -9, -9, -9, 9, 9, 9, 9])
    _, attention = layer(image() * 1e-3, return_attention_scores=True)
    np.testing.assert_array_equal(array(attention), [[0, 0, 0, 0, 1, 1, 1, 1]] * 2)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [({"activation": "relu"}, "activation.*'relu'"), ({"use_bias": "no"}, "use_bias.*'no'")],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        EffectiveSqueezeExcitation(**arguments)

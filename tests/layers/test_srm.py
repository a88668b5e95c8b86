import numpy as np

from regard.layers.srm import StyleRecalibration
from regard.testing.case import MAP, array, awake, image


def test_starts_with_gates_of_a_half():
    _, attention = StyleRecalibration(data_format="channels_last")(
        image(), return_attention_scores=True
    )
    np.testing.assert_array_equal(array(attention), 0.5)


def test_a_single_pixel_has_no_variance():
    layer = awake(StyleRecalibration(data_format="channels_last"), MAP)
    x = image((2, 1, 1, 8))
    _, attention = layer(x, return_attention_scores=True)
    mean_weight, spread_weight = array(layer.style)
    style = mean_weight * x[:, 0, 0] + spread_weight * np.sqrt(1e-5)
    style = style / np.sqrt(1 + 1e-5) * array(layer.norm.gamma) + array(layer.norm.beta)
    np.testing.assert_allclose(array(attention), 1 / (1 + np.exp(-style)), rtol=1e-5)

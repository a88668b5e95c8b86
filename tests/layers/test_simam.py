import numpy as np
import pytest

from regard.layers.simam import SimAM
from regard.testing.case import array, image


def test_has_no_weights_and_passes_the_mean_at_the_lowest_gate():
    layer = SimAM(data_format="channels_last")
    x = np.full((2, 5, 7, 8), 2, "float32")
    output, attention = layer(x, return_attention_scores=True)
    lowest = 1 / (1 + np.exp(-0.5))
    np.testing.assert_allclose(array(attention), lowest, rtol=1e-6)
    np.testing.assert_allclose(array(output), 2 * lowest, rtol=1e-6)
    assert not layer.weights


def test_a_single_pixel_has_the_lowest_gate():
    _, attention = SimAM()(image((2, 1, 1, 8)), return_attention_scores=True)
    np.testing.assert_allclose(array(attention), 1 / (1 + np.exp(-0.5)), rtol=1e-6)


@pytest.mark.parametrize("value", [0, -1e-4, "0.1", None, float("nan")])
def test_names_a_wrong_regularization(value):
    with pytest.raises(ValueError, match=f"regularization.*{value!r}"):
        SimAM(value)

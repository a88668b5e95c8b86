import numpy as np
import pytest

from regard.layers.fca import FrequencyChannelAttention
from regard.testing.case import array, awake, image


def test_the_lowest_frequency_is_the_scaled_mean():
    layer = FrequencyChannelAttention(
        reduced_channels=3, frequencies="low1", data_format="channels_last"
    )
    x = image((2, 7, 7, 8))
    awake(layer, x.shape)
    _, attention = layer(x, return_attention_scores=True)
    hidden = np.maximum(7 * x.mean((1, 2)) @ array(layer.reduce.kernel), 0)
    want = 1 / (1 + np.exp(-hidden @ array(layer.expand.kernel)))
    np.testing.assert_allclose(array(attention), want, rtol=1e-5)


@pytest.mark.parametrize("kind", ["top", "low", "bot"])
def test_the_32_frequencies_of_a_kind_are_of_7_by_7_and_differ(kind):
    layer = FrequencyChannelAttention(frequencies=f"{kind}32", data_format="channels_last")
    layer.build((None, None, None, 32))
    waves = layer.row_waves[:, None] * layer.column_waves[None]
    products = np.einsum("ijf,ijg->fg", waves, waves)
    np.testing.assert_allclose(products, np.eye(32), atol=1e-12)


def test_defaults_are_those_of_the_paper():
    layer = FrequencyChannelAttention(data_format="channels_last")
    layer.build((None, None, None, 64))
    assert (layer.dct_height, layer.dct_width, layer.frequencies) == (7, 7, "top16")
    assert (layer.reduce.units, layer.reduce.use_bias, layer.expand.use_bias) == (4, False, False)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"dct_height": 6}, "dct_height.*at least 7.*6"),
        ({"dct_width": 7.5}, "dct_width.*7.5"),
        ({"reduction_ratio": 0}, "reduction_ratio.*0"),
        ({"reduced_channels": 0}, "reduced_channels.*0"),
        ({"frequencies": "top3"}, "frequencies.*'top3'"),
    ],
)
def test_names_what_is_wrong(arguments, named):
    with pytest.raises(ValueError, match=named):
        FrequencyChannelAttention(**arguments)


@pytest.mark.parametrize(
    ("channels", "named"),
    [(24, "'top16'.*16 groups.*24 channels"), (16, "reduction_ratio=32 .*16 channels")],
)
def test_names_what_does_not_fit_the_channels(channels, named):
    layer = FrequencyChannelAttention(reduction_ratio=32, data_format="channels_last")
    with pytest.raises(ValueError, match=named):
        layer.build((None, 7, 7, channels))

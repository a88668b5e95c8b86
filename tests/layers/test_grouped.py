import numpy as np
import pytest

from regard.layers import parts

import keras  # isort: skip


@pytest.mark.parametrize("shape", [(2, 9, 12), (2, 5, 7, 12), (2, 3, 4, 5, 12)])
@pytest.mark.parametrize("groups", [2, 6])
def test_equals_kerass_convolution(shape, groups):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    options = {"groups": groups, "dilation_rate": 2, "bias_initializer": "normal"}
    layer = parts.convolution("convolution", (None, *shape[1:]), 24, 3, "float32", **options)
    kerass = getattr(keras.layers, type(layer).__name__.removeprefix("Grouped"))(
        24, 3, padding="same", data_format="channels_last", **options
    )
    kerass.build(shape)
    kerass.set_weights(layer.get_weights())
    got, want = (keras.ops.convert_to_numpy(each(x)) for each in (layer, kerass))
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)

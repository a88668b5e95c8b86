"""An attention layer of your own: written, checked as regard's own are, put into a network."""

import numpy as np

from regard import attention_maps, layers, models
from regard.testing import check_layer

import keras  # isort: skip


@keras.saving.register_keras_serializable(package="examples")
class MeanGate(layers.AttentionLayer):
    """Scales each pixel by a gate computed from the mean of its channels.

    `gate = sigmoid(w mean(x) + b)` and `output = gate * x`.

    Args:
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        A map of the shape of `x`; or `(output, attention)` with attention `(batch, row, column)`.

    Raises:
        ValueError: If `x` is no feature map of rank 4.

    Example:
        >>> tuple(MeanGate(data_format="channels_last")(np.ones((2, 5, 7, 8))).shape)
        (2, 5, 7, 8)
    """

    attention_axes = ("batch", "row", "column")

    def build_for(self, shape):
        self.gate = keras.layers.Dense(1, "sigmoid", dtype=self.gate_dtype, name="gate")
        self.gate.build((None, 1))

    def attend(self, x, training):
        mean = keras.ops.mean(keras.ops.cast(x, self.gate_dtype), axis=-1, keepdims=True)
        attention = self.applied(self.gate(mean))
        return x * keras.ops.cast(attention, x.dtype), attention[..., 0]


check_layer(MeanGate)
model = models.insert(models.tutorial(attention=None), MeanGate, after="max_pooling2d*")
maps = attention_maps(model, np.random.default_rng(0).random((2, 28, 28)))
print("MeanGate keeps every rule; its maps over the image:", maps.to_images().shape)

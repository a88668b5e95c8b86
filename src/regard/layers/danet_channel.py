"""Channel attention of DANet: each channel gathers from all channels of its image."""

import keras
from keras import ops

from regard.layers import dot_product, layout
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class DanetChannelAttention(AttentionLayer):
    """Lets each channel gather from all channels, the least alike the most.

    With `energy_ij` the sum over the pixels of `x_i x_j`, for channels `i` and `j`,
    `attention = softmax(max_j energy_ij - energy_ij)` over `j`, and
    `output_i = x_i + gamma * sum_j attention_ij x_j`, where `gamma` is learned and starts at 0
    (Fu et al., Dual Attention Network for Scene Segmentation, arXiv:1809.02983).

    Departs from the paper, as its code does: the energies are negated, so that a channel gathers
    from those that differ from it; the paper takes the softmax of the energies themselves.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, channels, channels)`, queries before keys, values in 0…1 of at least float32
        precision; each query channel's row sums to 1.

    Raises:
        ValueError: If `x` has another rank or an unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = DanetChannelAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8, 8))
    """

    attention_axes = ("batch", "query_channel", "key_channel")
    attention_kind = "distribution"
    attention_sum_axes = ("key_channel",)
    ranks = (3, 4, 5)
    starts_as_identity = True

    def build_for(self, shape):
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def scores_count(self, shape):
        return None if shape[0] is None else shape[0] * shape[-1] ** 2

    def attend(self, x, training):
        channels = ops.swapaxes(layout.to_pixels(x), 1, 2)
        precise = ops.cast(channels, self.gate_dtype)
        attention = self.applied(dot_product.scores(-precise, precise))
        gathered = ops.swapaxes(dot_product.gather(attention, channels), 1, 2)
        return x + self.gamma * layout.from_pixels(gathered, x), attention

"""Frequency channel attention: one gate a channel, from cosine transforms of the map."""

import keras
import numpy as np
from keras import ops

from regard.layers import arguments, parts
from regard.layers.channel_gate import ChannelGate

# (row, column) frequencies on a 7x7 map, a digit each: the best in the paper's ranking of single
# frequencies (top), the lowest (low) and the worst (bot). Numbers of cfzd/FcaNet.
_ROWS = {
    "top": "00600114513000324635526553342261",
    "low": "00110221203401301234501234561234",
    "bot": "61332412445146256162243355625536",
}
_COLUMNS = {
    "top": "01052020060463526333511242110353",
    "low": "01012012230043154321065432106543",
    "bot": "64466314456522514350311242115333",
}
_SIZE = 7
_CHOICES = tuple(f"{kind}{count}" for kind in _ROWS for count in (1, 2, 4, 8, 16, 32))


@keras.saving.register_keras_serializable(package="regard")
class FrequencyChannelAttention(ChannelGate):
    """Scales each channel by a gate computed from one cosine component of each channel.

    `gate = sigmoid(W2 relu(W1 z))` and `output = gate * x`, where the channels fall in equal
    groups, one a frequency `(u, v)`, and
    `z = sum_ij x_ij cos(pi u (i + 1/2) / height) cos(pi v (j + 1/2) / width)` times
    `sqrt(1 / size)` an axis, or `sqrt(2 / size)` where its frequency is not 0
    (Qin et al., FcaNet: Frequency Channel Attention Networks, arXiv:2012.11879).
    Frequencies are those of a 7x7 map, times `dct_height // 7` and `dct_width // 7`. As in the
    paper's code, a map of another size is adaptively average pooled to
    `(dct_height, dct_width)` first.

    Args:
        dct_height: Rows of the cosine transform, at least 7.
        dct_width: Columns of the cosine transform, at least 7.
        reduction_ratio: Channels per hidden unit, an integer of at least 1.
        reduced_channels: Number of hidden units, at least 1, in place of `reduction_ratio`.
        frequencies: `"top"`, `"low"` or `"bot"` (the best, lowest and worst of the paper's) and
            their number, 1, 2, 4, 8, 16 or 32, which must divide the channels, as in `"top16"`.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, height, width, channels)` or
            `(batch, channels, height, width)` of any size.
        return_attention_scores: Whether to return the gates too.

    Returns:
        The scaled feature map, of the shape of `x`; or `(output, attention)`, where
        `attention` has shape `(batch, channels)`, values in 0…1, of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if `x` has another rank, if its number of
            channels is unknown or less than `reduction_ratio`, or if the number of frequencies
            does not divide it.

    Example:
        >>> import numpy as np
        >>> layer = FrequencyChannelAttention(
        ...     reduction_ratio=4, frequencies="low4", data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 8))
    """

    ranks = (4,)

    def __init__(
        self,
        dct_height=7,
        dct_width=7,
        reduction_ratio=16,
        reduced_channels=None,
        frequencies="top16",
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.dct_height = arguments.integer("dct_height", dct_height, least=_SIZE)
        self.dct_width = arguments.integer("dct_width", dct_width, least=_SIZE)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.frequencies = arguments.one_of("frequencies", frequencies, _CHOICES)

    def build_for(self, shape):
        channels = shape[-1]
        kind, count = self.frequencies[:3], int(self.frequencies[3:])
        if channels % count:
            raise ValueError(
                f"frequencies={self.frequencies!r} splits the channels in {count} groups, but "
                f"there are {channels} channels. Choose a number that divides them."
            )
        hidden = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        self.row_waves = _waves(_ROWS[kind][:count], self.dct_height)
        self.column_waves = _waves(_COLUMNS[kind][:count], self.dct_width)
        options = {"dtype": self.gate_dtype, "use_bias": False}
        self.reduce = parts.dense("reduce", channels, hidden, activation="relu", **options)
        self.expand = parts.dense("expand", hidden, channels, activation="sigmoid", **options)

    def gate(self, x, training):
        _, height, width, channels = ops.shape(x)
        rows = self._on_map(self.row_waves, height)
        columns = self._on_map(self.column_waves, width)
        waves = ops.expand_dims(rows, 1) * ops.expand_dims(columns, 0)
        waves = ops.repeat(waves, channels // waves.shape[-1], axis=-1)
        return self.expand(self.reduce(ops.sum(x * waves, axis=(1, 2))))

    def _on_map(self, waves, size):
        """Returns the waves, (bins, frequencies), as weights on an axis of `size`."""
        waves = ops.convert_to_tensor(waves, self.gate_dtype)
        return ops.matmul(_pooling(size, waves.shape[0], self.gate_dtype), waves)

    def get_config(self):
        return super().get_config() | {
            "dct_height": self.dct_height,
            "dct_width": self.dct_width,
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
            "frequencies": self.frequencies,
        }


def _waves(frequencies, size):
    """Returns the orthonormal cosines of the frequencies, (size, frequencies)."""
    frequencies = np.array([int(frequency) for frequency in frequencies]) * (size // _SIZE)
    places = np.arange(size)[:, None] + 0.5
    return np.cos(np.pi * frequencies * places / size) * np.sqrt((1 + (frequencies > 0)) / size)


def _pooling(size, bins, dtype):
    """Returns the weights of adaptive average pooling from `size` to `bins`, (size, bins)."""
    indices = ops.arange(bins, dtype="int32")
    starts = indices * size // bins
    ends = ((indices + 1) * size + bins - 1) // bins
    places = ops.expand_dims(ops.arange(size, dtype="int32"), 1)
    inside = ops.logical_and(places >= starts, places < ends)
    return ops.cast(inside, dtype) / ops.cast(ends - starts, dtype)

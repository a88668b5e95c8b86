"""Split attention: a convolution to several maps, and a choice among them for each channel."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class SplitAttention(AttentionLayer):
    """Convolves to `radix` maps and weighs them by channel, within each group.

    `u_1 … u_radix = relu(batch_norm(conv(x)))`, with `groups * radix` groups;
    `z = relu(batch_norm(W1 mean(u_1 + … + u_radix) + b1))`,
    `attention = softmax_branches(W2 z + b2)` and
    `output = attention_1 u_1 + … + attention_radix u_radix`, with `W1` and `W2` in `groups`
    groups (Zhang et al., ResNeSt: Split-Attention Networks, arXiv:2004.08955, equations 1 to 3).
    With a radix of 1 the attention is a sigmoid gate. `z` has
    `max(channels * radix // reduction_ratio, least_channels)` values.

    Args:
        filters: Number of output channels, by default that of the input.
        kernel_size: Odd size of the convolution's kernel.
        radix: Number of maps to choose from.
        groups: Number of groups (cardinality), each with a choice of its own.
        reduction_ratio: Channels of the maps per value of `z`.
        least_channels: Least number of values of `z`.
        reduced_channels: Number of values of `z`, in place of the two above.
        use_bias: Whether the convolution has a bias.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`, with `filters` channels; or `(output, attention)`,
        where `attention` has shape `(batch, radix, filters)` and sums to one over the radix, or,
        with a radix of 1, `(batch, filters)` and values in 0…1; of at least float32 precision.

    Raises:
        ValueError: If an argument is out of range, if the channels, `filters` or the values of
            `z` do not go into the groups, or if `x` has another rank or an unknown number of
            channels.

    Example:
        >>> import numpy as np
        >>> layer = SplitAttention(data_format="channels_last")
        >>> output, attention = layer(np.ones((2, 5, 7, 8)), return_attention_scores=True)
        >>> tuple(output.shape), tuple(attention.shape)
        ((2, 5, 7, 8), (2, 2, 8))
    """

    attention_axes = ("batch", "branch", "channel")
    attention_kind = "distribution"
    attention_sum_axes = ("branch",)
    ranks = (3, 4, 5)

    def __init__(
        self,
        filters=None,
        kernel_size=3,
        radix=2,
        groups=1,
        reduction_ratio=4,
        least_channels=32,
        reduced_channels=None,
        use_bias=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.filters = arguments.optional(arguments.integer, "filters", filters)
        self.kernel_size = arguments.odd("kernel_size", kernel_size)
        self.radix = arguments.integer("radix", radix)
        self.groups = arguments.integer("groups", groups)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.least_channels = arguments.integer("least_channels", least_channels)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.use_bias = arguments.boolean("use_bias", use_bias)
        self.keeps_shape = filters is None
        if radix == 1:
            self.attention_axes = ("batch", "channel")
            self.attention_kind = "gate"
            self.attention_sum_axes = ()

    def build_for(self, shape):
        channels = shape[-1]
        filters = self.filters or channels
        hidden = self.reduced_channels or max(
            channels * self.radix // self.reduction_ratio, self.least_channels
        )
        arguments.divides("groups * radix", self.groups * self.radix, channels)
        arguments.divides("groups", self.groups, filters, "filters")
        arguments.divides("groups", self.groups, hidden, "reduced_channels")
        maps = self.radix * filters
        self.convolution = parts.convolution(
            "convolution",
            shape,
            maps,
            self.kernel_size,
            self.dtype_policy,
            groups=self.groups * self.radix,
            use_bias=self.use_bias,
        )
        self.norm = parts.batch_norm("norm", (*shape[:-1], maps), self.dtype_policy)
        self.reduce = self._grouped("reduce", filters, hidden)
        self.reduce_norm = parts.batch_norm("reduce_norm", (None, hidden), self.gate_dtype)
        self.select = self._grouped("select", hidden, maps)

    def attend(self, x, training):
        maps = ops.relu(self.norm(self.convolution(x), training=training))
        branches = ops.split(maps, self.radix, axis=-1)
        spatial = tuple(range(1, len(x.shape) - 1))
        means = sum(ops.mean(ops.cast(u, self.gate_dtype), axis=spatial) for u in branches)
        attention = self.applied(self._select(means, training))
        weights = ops.expand_dims(ops.cast(attention, x.dtype), [axis + 1 for axis in spatial])
        output = sum(weights[:, n] * u for n, u in enumerate(branches))
        return output, attention if self.radix > 1 else attention[:, 0]

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "radix": self.radix,
            "groups": self.groups,
            "reduction_ratio": self.reduction_ratio,
            "least_channels": self.least_channels,
            "reduced_channels": self.reduced_channels,
            "use_bias": self.use_bias,
        }

    def _grouped(self, name, channels, units):
        shape = (None, 1, channels)
        return parts.convolution(name, shape, units, 1, self.gate_dtype, groups=self.groups)

    def _select(self, means, training):
        """Returns `(batch, radix, filters)`; the logits come by group, radix, channel of group."""
        reduced = ops.squeeze(self.reduce(ops.expand_dims(means, 1)), 1)
        hidden = ops.relu(self.reduce_norm(reduced, training=training))
        logits = self.select(ops.expand_dims(hidden, 1))
        filters = means.shape[-1]
        by_group = (-1, self.groups, self.radix, filters // self.groups)
        logits = ops.swapaxes(ops.reshape(logits, by_group), 1, 2)
        logits = ops.reshape(logits, (-1, self.radix, filters))
        return parts.softmax(logits, axis=1) if self.radix > 1 else ops.sigmoid(logits)

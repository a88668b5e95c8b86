"""Selective kernels: convolutions of several sizes, and a choice among them for each channel."""

import keras
from keras import ops

from regard.layers import arguments, parts
from regard.layers.base import AttentionLayer


@keras.saving.register_keras_serializable(package="regard")
class SelectiveKernel(AttentionLayer):
    """Convolves with kernels of several sizes and weighs the results by channel.

    `u_k = relu(batch_norm(conv_k(x)))`, `z = relu(batch_norm(W mean(u_1 + … + u_M)))`,
    `attention = softmax_branches(V z)` and `output = attention_1 u_1 + … + attention_M u_M`
    (Li et al., Selective Kernel Networks, arXiv:1903.06586, equations 1 to 6). `z` has
    `max(channels // reduction_ratio, least_channels)` values. No map has a bias.

    Args:
        kernel_sizes: Odd size of each branch's kernel, at least two of them.
        use_dilation: Whether a kernel larger than 3 has 3 x 3 weights, spread to its size.
        groups: Groups of the convolutions.
        reduction_ratio: Channels per value of `z`.
        least_channels: Least number of values of `z`.
        reduced_channels: Number of values of `z`, in place of the two above.
        split_input: Whether each branch sees an equal part of the channels, not all of them.
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.

    Call arguments:
        x: Feature map of shape `(batch, *spatial, channels)` or
            `(batch, channels, *spatial)` with 1, 2 or 3 spatial axes of any size.
        return_attention_scores: Whether to return the attention too.

    Returns:
        A feature map of the shape of `x`; or `(output, attention)`, where `attention` has shape
        `(batch, branches, channels)`, sums to one over the branches and is of at least float32
        precision.

    Raises:
        ValueError: If an argument is out of range, if the channels do not go into `groups` and
            branches, or if `x` has another rank or an unknown number of channels.

    Example:
        >>> import numpy as np
        >>> layer = SelectiveKernel(groups=4, data_format="channels_last")
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
        kernel_sizes=(3, 5),
        use_dilation=True,
        groups=32,
        reduction_ratio=16,
        least_channels=32,
        reduced_channels=None,
        split_input=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format, **kwargs)
        self.kernel_sizes = _kernel_sizes(kernel_sizes)
        self.use_dilation = arguments.boolean("use_dilation", use_dilation)
        self.groups = arguments.integer("groups", groups)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.least_channels = arguments.integer("least_channels", least_channels)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )
        self.split_input = arguments.boolean("split_input", split_input)

    def build_for(self, shape):
        channels, branches = shape[-1], len(self.kernel_sizes)
        seen = channels
        if self.split_input:
            arguments.divides("the number of kernel_sizes", branches, channels)
            seen = channels // branches
        arguments.divides("groups", self.groups, seen, "channels that a branch sees")
        self.convolutions = [
            self._convolution(f"convolution_{n}", (*shape[:-1], seen), channels, size)
            for n, size in enumerate(self.kernel_sizes)
        ]
        self.norms = [
            parts.batch_norm(f"norm_{n}", shape, self.dtype_policy) for n in range(branches)
        ]
        hidden = self.reduced_channels or max(channels // self.reduction_ratio, self.least_channels)
        options = {"dtype": self.gate_dtype, "use_bias": False}
        self.reduce = parts.dense("reduce", channels, hidden, **options)
        self.reduce_norm = parts.batch_norm("reduce_norm", (None, hidden), self.gate_dtype)
        self.select = parts.dense("select", hidden, branches * channels, **options)

    def attend(self, x, training):
        branches = self._branches(x, training)
        spatial = tuple(range(1, len(x.shape) - 1))
        means = sum(ops.mean(ops.cast(u, self.gate_dtype), axis=spatial) for u in branches)
        hidden = ops.relu(self.reduce_norm(self.reduce(means), training=training))
        logits = ops.reshape(self.select(hidden), (-1, len(branches), x.shape[-1]))
        attention = self.applied(ops.softmax(logits, axis=1))
        weights = ops.expand_dims(ops.cast(attention, x.dtype), [axis + 1 for axis in spatial])
        return sum(weights[:, n] * u for n, u in enumerate(branches)), attention

    def get_config(self):
        return super().get_config() | {
            "kernel_sizes": list(self.kernel_sizes),
            "use_dilation": self.use_dilation,
            "groups": self.groups,
            "reduction_ratio": self.reduction_ratio,
            "least_channels": self.least_channels,
            "reduced_channels": self.reduced_channels,
            "split_input": self.split_input,
        }

    def _convolution(self, name, shape, filters, size):
        options = {"use_bias": False, "groups": self.groups}
        if self.use_dilation and size > 3:
            options["dilation_rate"], size = size // 2, 3
        return parts.convolution(name, shape, filters, size, self.dtype_policy, **options)

    def _branches(self, x, training):
        count = len(self.kernel_sizes)
        seen = ops.split(x, count, axis=-1) if self.split_input else [x] * count
        return [
            ops.relu(norm(convolution(part), training=training))
            for part, convolution, norm in zip(seen, self.convolutions, self.norms, strict=True)
        ]


def _kernel_sizes(value):
    if not isinstance(value, list | tuple) or len(value) < 2:
        raise ValueError(f"kernel_sizes must be two or more odd integers, not {value!r}.")
    return tuple(arguments.odd("each of kernel_sizes", size) for size in value)

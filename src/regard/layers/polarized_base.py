"""What both orders of polarised self-attention have in common."""

from keras import ops

from regard.layers import arguments, layout, parts
from regard.layers.base import AttentionLayer

PIXELS = ("row", "column")
_GATES = ("channel", "spatial")


def by_map(of_gates, of_distributions, last):
    """Returns a value for each map: the two gates, and `context` and `last`."""
    return dict.fromkeys(_GATES, of_gates) | dict.fromkeys(("context", last), of_distributions)


class Polarized(AttentionLayer):
    """The arguments, and the pooling of the pixels, of both orders of the gates."""

    ranks = (3, 4, 5)

    def __init__(self, reduction_ratio=2, reduced_channels=None, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.reduction_ratio = arguments.integer("reduction_ratio", reduction_ratio)
        self.reduced_channels = arguments.optional(
            arguments.integer, "reduced_channels", reduced_channels
        )

    def build_for(self, shape):
        channels, options = shape[-1], {"use_bias": False}
        self.hidden = self.reduced_channels or arguments.reduced(
            "reduction_ratio", self.reduction_ratio, channels
        )
        spatial = layout.SPATIAL_AXES[len(shape)]
        self.attention_sum_axes = {
            name: spatial if axes else () for name, axes in self.attention_sum_axes.items()
        }
        self.channel_query = parts.dense("channel_query", channels, 1, self.dtype_policy, **options)
        options["dtype"] = self.gate_dtype
        self.channel_value = parts.dense("channel_value", channels, self.hidden, **options)
        self.spatial_query = parts.dense("spatial_query", channels, self.hidden, **options)

    def get_config(self):
        return super().get_config() | {
            "reduction_ratio": self.reduction_ratio,
            "reduced_channels": self.reduced_channels,
        }

    def pool(self, pixels):
        """Returns the projected sum of the weighted pixels, and the weights."""
        context = parts.softmax(ops.cast(self.channel_query(pixels), self.gate_dtype), axis=1)
        context = self.applied(context)
        summed = ops.sum(context * ops.cast(pixels, self.gate_dtype), axis=1)
        return self.channel_value(summed), context

    def query_of(self, pixels):
        """Returns the projected mean of the pixels."""
        return self.spatial_query(ops.mean(ops.cast(pixels, self.gate_dtype), axis=1))

"""What the attention layers over one feature map have in common."""

import keras

from regard.layers import arguments, layout
from regard.layers.applied import AppliesAttention
from regard.layers.scores_limit import refuse_over_limit


class AttentionLayer(AppliesAttention, keras.layers.Layer):
    """A layer that takes one feature map and can return its attention.

    A subclass is written for channels last and lets this class see to the rest. It declares
    what its attention is, makes its weights in `build_for(shape)`, and gives
    `(output, attention)` in `attend(x, training)`; where the output can be had for less, it
    gives that alone in `output_of(x, training)`. Both hand what the attention is through
    `self.applied` before it meets the values. A layer with several attention maps declares and
    returns dictionaries of the same names.

    Attributes:
        attention_axes: The names of the attention's axes, for an image. For other ranks
            `row, column` become `position` or `depth, row, column` when the layer is built.
        attention_kind: `"gate"`, or `"distribution"`, which sums to one over
            `attention_sum_axes`.
        attention_range: Lowest and highest value, None where there is no bound.
        attention_sum_axes: Axes over which a distribution sums to one.
        ranks: Ranks of the feature maps that the formula allows.
        fixed_size: Whether the weights depend on the spatial size, which must then be known.
        keeps_shape: Whether the output has the shape of the input.
        starts_as_identity: Whether the untrained layer gives its input back.
        weights_without_gradient: Ends of the paths of weights that the formula cancels out.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; by default
            `keras.config.image_data_format()`.
    """

    attention_axes = ()
    attention_kind = "gate"
    attention_range = (0.0, 1.0)
    attention_sum_axes = ()
    ranks = (4,)
    fixed_size = False
    keeps_shape = True
    starts_as_identity = False
    weights_without_gradient = ()

    def __init__(self, data_format=None, **kwargs):
        arguments.known_keywords(type(self), kwargs)
        super().__init__(**kwargs)
        self.data_format = arguments.data_format(data_format)

    def build_for(self, shape):
        """Makes the weights for a feature map of `shape`, channels last."""

    def attend(self, x, training):
        """Returns `(output, attention)` for `x`, channels last."""
        raise NotImplementedError(f"{type(self).__name__} has to define attend(x, training).")

    def output_of(self, x, training):
        """Returns the output alone for `x`, channels last."""
        return self.attend(x, training)[0]

    def scores_count(self, shape):
        """Returns the number of scores of one call on `shape`, channels last, if they are many.

        None where the attention is no larger than the feature map, or the size is unknown.
        """
        return

    @property
    def gate_dtype(self):
        """The dtype of gates and softmax: the compute dtype, but at least float32."""
        return layout.precise(self.compute_dtype)

    def build(self, input_shape):
        shape = layout.channels_last_shape(self, input_shape, self.ranks)
        if self.fixed_size and None in shape[1:]:
            raise ValueError(
                f"{self.name} has weights for each place, so it needs a known spatial size, but "
                f"got shape {tuple(input_shape)}. Give the size in keras.Input."
            )
        self._name_axes(len(shape))
        self.build_for(shape)

    def __call__(self, x, *args, **kwargs):
        if kwargs.get("return_attention_scores"):
            shape = layout.channels_last_shape(self, x.shape, self.ranks)
            refuse_over_limit(self.name, self.scores_count(shape), self.gate_dtype)
        return super().__call__(x, *args, **kwargs)

    def call(self, x, training=False, return_attention_scores=False):
        x = layout.to_channels_last(self, x)
        if not return_attention_scores:
            return self._back(self.output_of(x, training))
        output, attention = self.attend(x, training)
        return self._back(output), attention

    def get_config(self):
        return super().get_config() | {"data_format": self.data_format}

    def _back(self, output):
        return layout.from_channels_last(self, output) if len(output.shape) > 2 else output

    def _name_axes(self, rank):
        if rank == 4:
            return
        axes = self.attention_axes
        if isinstance(axes, dict):
            self.attention_axes = {name: _for_rank(named, rank) for name, named in axes.items()}
        else:
            self.attention_axes = _for_rank(axes, rank)


def _for_rank(axes, rank):
    if "row" not in axes:
        return axes
    at = axes.index("row")
    return (*axes[:at], *layout.SPATIAL_AXES[rank], *axes[at + 2 :])

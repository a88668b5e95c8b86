"""The attention that a layer applies to its features: its own, or another put in its place."""

from contextlib import contextmanager

from keras import ops


class AppliesAttention:
    """A layer whose attention can be replaced from outside, by `replacing`."""

    def applied(self, attention):
        """Returns the attention to apply: as it is, or what `replacing` puts in its place.

        A layer hands everything through here that its attention consists of, and nothing else:
        its gate or its weights, or its queries and keys where it does not compute their products.

        Args:
            attention: A tensor whose first axis is the batch.
        """
        return attention


@contextmanager
def replacing(layers, change):
    """Lets layers apply `change(attention)` in place of their attention, as long as it is open.

    Args:
        layers: Keras layers; those that are no `AppliesAttention` stay as they are.
        change: Gives a tensor of the same shape.

    Example:
        >>> import numpy as np
        >>> from keras import ops
        >>> from regard.layers import SimAM
        >>> layer, x = SimAM(data_format="channels_last"), np.ones((2, 5, 7, 8))
        >>> with replacing([layer], ops.zeros_like):
        ...     float(ops.max(layer(x)))
        0.0
    """
    replaced = [layer for layer in layers if isinstance(layer, AppliesAttention)]
    for layer in replaced:
        vars(layer)["applied"] = change  # past Keras, which would track it
    try:
        yield
    finally:
        for layer in replaced:
            vars(layer).pop("applied", None)  # a layer may be named twice


def with_attention_of(others, layers, run):
    """Returns what `run` gives when layers apply the attention of other images.

    That is the attention which the other image has when `run` runs as usual, before.

    Args:
        others: Which image's attention each image of the batch gets, indices of shape `(batch,)`.
        layers: Keras layers; those that are no `AppliesAttention` stay as they are.
        run: Calls the layers, always in the same order, with the same batch.

    Example:
        >>> import numpy as np
        >>> from regard.layers import SimAM
        >>> layer = SimAM(data_format="channels_last")
        >>> x = np.random.default_rng(0).random((2, 5, 7, 8), "float32")
        >>> _, attention = layer(x, return_attention_scores=True)
        >>> output = with_attention_of([1, 0], [layer], lambda: layer(x))
        >>> bool(ops.all(output == ops.multiply(x, ops.flip(attention, 0))))
        True
    """
    own = []

    def keep(attention):
        own.append(attention)
        return attention

    with replacing(layers, keep):
        run()
    kept = iter(own)
    with replacing(layers, lambda _: ops.take(next(kept), others, axis=0)):
        return run()

"""Attention through several layers at once."""

import numpy as np


def rollout(layers, geometry):
    """Returns what each pixel receives through all layers, as the mean over the last queries.

    `joint = A_n … A_1` with `A = (attention + 1) / 2`, where 1 stands for the residual (Abnar and
    Zuidema, Quantifying Attention Flow in Transformers, arXiv:2005.00928).

    Args:
        layers: The attention of each layer, first to last, `(batch, query, key)` over the same
            pixels.
        geometry: Where the pixels lie, for their numbers.

    Returns:
        Array `(batch, rows, columns)`, which sums to 1.

    Example:
        >>> from regard.maps.geometry import of_image
        >>> rollout([np.full((1, 4, 4), 0.25)] * 2, of_image((2, 2))).tolist()
        [[[0.25, 0.25], [0.25, 0.25]]]
    """
    pixels = layers[0].shape[-1]
    received = np.full((len(layers[0]), 1, pixels), 1 / pixels)
    for attention in reversed(layers):
        received = (received @ attention + received) / 2
    return received.reshape(len(received), *(axis.size for axis in geometry.axes))

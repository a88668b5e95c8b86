"""Attention through several layers at once."""

import numpy as np

from regard.maps.project import between


def rollout(layers):
    """Returns what each pixel of the first layer receives through all, as the last's mean.

    `R = (A_n + 1)/2 P_n … P_2 (A_1 + 1)/2` with `A_i` a layer's attention, as the heads' mean, and
    1 for the way round the layer (Abnar and Zuidema, Quantifying Attention Flow in Transformers,
    arXiv:2005.00928). Where two layers' maps differ, `P` interpolates between their pixels by
    their places on the image. The result is the mean of R over its queries.

    Args:
        layers: `(attention, geometry)` of each layer, first to last; attention is
            `(batch, query, key)` over the pixels of the geometry.

    Returns:
        Array `(batch, rows, columns)` over the pixels of the first layer, which sums to 1.

    Example:
        >>> from regard.maps.geometry import of_image
        >>> even = np.full((1, 4, 4), 0.25), of_image((2, 2))
        >>> rollout([even, even]).tolist()
        [[[0.25, 0.25], [0.25, 0.25]]]
    """
    attention, geometry = layers[-1]
    pixels = attention.shape[-1]
    received = np.full((len(attention), 1, pixels), 1 / pixels)
    for attention, place in reversed(layers):
        if place != geometry:
            received = received @ between(place, geometry)
        received = (received @ attention + received) / 2
        geometry = place
    return received.reshape(len(received), *(axis.size for axis in geometry.axes))

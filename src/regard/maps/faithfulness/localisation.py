"""Does a map point at the object? Against masks that a person drew, not against the network."""

import numpy as np

from regard.errors import DataError
from regard.maps.faithfulness.checks import check_masks


def pointing_game(maps, masks):
    """Whether the most relevant pixel lies on the object.

    Where several pixels share the highest value, the share of these on the object, so that a
    flat map scores what chance would (Zhang et al., Top-down Neural Attention by Excitation
    Backprop, arXiv:1608.00507, section 4.2; without its tolerance of 15 pixels). Higher is better.

    Args:
        maps: Relevance, `(..., batch, rows, columns)`.
        masks: Booleans `(batch, rows, columns)`, True on the object.

    Returns:
        Array `(..., batch)`, 0…1.

    Raises:
        DataError: If masks have another shape, are no booleans, or one is empty.

    Example:
        >>> maps = np.array([[[0.1, 0.9], [0.5, 0.2]]])
        >>> pointing_game(maps, maps > 0.4).tolist()
        [1.0]
    """
    maps, masks = _pair(maps, masks)
    peaks = maps == maps.max(axis=(-2, -1), keepdims=True)
    return (peaks & masks).sum(axis=(-2, -1)) / peaks.sum(axis=(-2, -1))


def energy(maps, masks):
    """Share of a map's positive relevance that lies on the object.

    The energy-based pointing game of Wang et al. (Score-CAM, arXiv:1910.01279, section 4.3).
    Negative values count as 0; a map without positive values scores 0. Higher is better.

    Args:
        maps: Relevance, `(..., batch, rows, columns)`.
        masks: Booleans `(batch, rows, columns)`, True on the object.

    Returns:
        Array `(..., batch)`, 0…1.

    Raises:
        DataError: If masks have another shape, are no booleans, or one is empty.

    Example:
        >>> maps = np.array([[[0.25, 0.5], [0.25, -1.0]]])
        >>> energy(maps, maps > 0.4).tolist()
        [0.5]
    """
    maps, masks = _pair(maps, masks)
    positive = np.maximum(maps, 0)
    total = positive.sum(axis=(-2, -1))
    return (positive * masks).sum(axis=(-2, -1)) / np.where(total > 0, total, 1)


def _pair(maps, masks):
    maps = np.asarray(maps, np.float64)
    if maps.ndim < 3 or not np.isfinite(maps).all():
        raise DataError("Maps must be finite numbers of shape (batch, rows, columns).")
    return maps, check_masks(masks, maps.shape[-3:])

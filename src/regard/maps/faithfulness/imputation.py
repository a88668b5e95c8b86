"""Noisy linear imputation: filling pixels in from their neighbours."""

from functools import cache

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

_GROUP_PIXELS = 2**14
_WEIGHTS = {(0, 1): 1 / 6, (1, 0): 1 / 6, (1, 1): 1 / 12, (1, -1): 1 / 12}


def impute(images, removed, noise=0.01, seed=0):
    """Fills removed pixels in, so that each is the weighted mean of its neighbours.

    Weights are 1/6 for the four nearest and 1/12 for the four diagonal neighbours, divided by
    their sum at the border; the linear equations are solved for all removed pixels at once, and
    Gaussian noise is added to these (Rong et al., A Consistent and Efficient Evaluation Strategy
    for Attribution Methods, arXiv:2202.00449, section 4.3).

    Args:
        images: Array `(batch, rows, columns, channels)`.
        removed: Booleans `(batch, rows, columns)`; in each image at least one is False.
        noise: Standard deviation of the noise, in the images' units.
        seed: Of the noise.

    Returns:
        The images with those pixels filled in, float32.

    Example:
        >>> images = np.array([0.0, 9.0, 1.0]).reshape(1, 1, 3, 1)
        >>> removed = np.array([False, True, False]).reshape(1, 1, 3)
        >>> impute(images, removed, noise=0).ravel().tolist()
        [0.0, 0.5, 1.0]
    """
    size = removed.shape[1:]
    each = max(1, _GROUP_PIXELS // (size[0] * size[1]))
    parts = [
        _filled(images[at : at + each], removed[at : at + each])
        for at in range(0, len(images), each)
    ]
    filled = np.concatenate(parts)
    chance = np.random.default_rng(seed).normal(0, noise, filled.shape)
    return np.where(removed[..., None], filled + chance, images).astype("float32")


def _filled(images, removed):
    """Solves the equations of some images as one sparse system."""
    values = images.reshape(-1, images.shape[-1]).astype(np.float64)
    gone = np.flatnonzero(removed)
    if not len(gone):
        return values.reshape(images.shape)
    weights = _neighbours(removed.shape)
    rows = weights[gone]
    kept = np.where(removed.reshape(-1, 1), 0, values)
    total = np.asarray(rows.sum(axis=1)).ravel()
    system = (sparse.diags(total) - rows[:, gone]).tocsc()
    symmetric = {"SymmetricMode": True}
    solver = splu(system, "MMD_AT_PLUS_A", diag_pivot_thresh=0, options=symmetric)
    values[gone] = solver.solve(rows @ kept)
    return values.reshape(images.shape)


@cache
def _neighbours(shape):
    """The weights between the pixels of several images of one size, as a sparse matrix."""
    places = np.arange(np.prod(shape)).reshape(shape)
    _, rows, columns = shape
    first, second, weight = [], [], []
    for (down, right), w in _WEIGHTS.items():
        there = places[:, down:, max(right, 0) : columns + min(right, 0)].ravel()
        here = places[:, : rows - down, max(-right, 0) : columns - max(right, 0)].ravel()
        first += [here, there]
        second += [there, here]
        weight += [np.full(2 * len(here), w)]
    where = (np.concatenate(first), np.concatenate(second))
    return sparse.csr_matrix((np.concatenate(weight), where), (places.size, places.size))

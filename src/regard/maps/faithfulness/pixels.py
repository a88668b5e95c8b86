"""The pixels of an image: their order by a map, and replacing some of them."""

import numpy as np


def ranks(maps, seed=0):
    """Returns each pixel's place in its map's order, 0 for the most relevant.

    Pixels of equal value come in random order.

    Args:
        maps: Array `(batch, rows, columns)`.
        seed: Of the order of equal values; the same for every map of that shape.

    Returns:
        Integers of the shape of `maps`, in each map every number from 0 to pixels - 1.

    Example:
        >>> ranks(np.array([[[0.1, 0.9], [0.5, 0.2]]])).tolist()
        [[[3, 0], [1, 2]]]
    """
    flat = maps.reshape(len(maps), -1)
    chance = np.random.default_rng(seed).random(flat.shape)
    order = np.lexsort((chance, -flat), axis=-1)
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(flat.shape[1])[None], axis=1)
    return places.reshape(maps.shape)


def counts(shares, pixels):
    """Turns shares of an image, 0…1, into whole numbers of pixels."""
    return np.rint(np.asarray(shares, np.float64) * pixels).astype(int)


def replaced(images, where, values, axis):
    """Returns images with other values at some pixels, in all channels.

    Args:
        images: Array of images, channels on `axis`.
        where: Booleans `(batch, rows, columns)`, or `(rows, columns)` for all images.
        values: A number, or an array that broadcasts to the images.
        axis: -1 or 1.
    """
    where = where if where.ndim == 3 else where[None]
    return np.where(np.expand_dims(where, axis), values, images).astype("float32")


def mean_colour(images, axis):
    """Returns the mean of each channel over all images, shaped to broadcast to them."""
    others = tuple(n for n in range(images.ndim) if n != axis % images.ndim)
    return images.mean(axis=others, keepdims=True)


def each_map(function, maps):
    """Applies `function` to each batch of maps of `(..., batch, rows, columns)`.

    Returns:
        Array `(..., batch)`.
    """
    stacked = maps.reshape(-1, *maps.shape[-3:])
    return np.stack([function(one) for one in stacked]).reshape(maps.shape[:-2])

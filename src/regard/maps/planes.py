"""Brings attention of any axes into planes of pixels: `(batch, …, rows, columns)`."""

import numpy as np


def is_of_sizes(axes, shape, geometry):
    """Whether a map's axes have the sizes of a geometry, as far as they tell of pixels.

    Args:
        axes: Names of the map's axes.
        shape: Their sizes.
        geometry: A `Geometry`, rows before columns.
    """
    if geometry is None or len(geometry.axes) != 2:
        return False
    rows, columns = (axis.size for axis in geometry.axes)
    named = dict(zip(axes, shape, strict=True))
    if named.get("row", rows) != rows or named.get("column", columns) != columns:
        return False
    if {"row", "column"} <= set(axes):
        return True
    along = columns if "row" in axes else rows if "column" in axes else rows * columns
    return all(named[name] == along for name in ("query", "key") if name in axes)


def spatial_names(axes, sum_axes=()):
    """Returns the axes of a map that tell of pixels, by what they tell; None if it tells of none.

    Keys stand for what is attended to, so queries are averaged; a distribution that sums to one
    over something else than pixels, such as offsets or branches, tells of no pixel.

    Args:
        axes: Names of the map's axes.
        sum_axes: Those over which it sums to one.

    Returns:
        Dictionary from the axis's name to `"row"`, `"column"` or `"pixel"`.

    Example:
        >>> spatial_names(("batch", "query", "key"), ("key",))
        {'key': 'pixel'}
        >>> spatial_names(("batch", "column", "head", "query", "key"), ("key",))
        {'key': 'row', 'column': 'column'}
        >>> spatial_names(("batch", "branch", "channel"), ("branch",)) is None
        True
    """
    lines = [name for name in ("row", "column") if name in axes]
    places = {name: name for name in lines}
    if "key" in axes:
        if len(lines) == 2 or {"group", "query"} <= set(axes):
            return None  # keys of a window of their own
        other = {"row": "column", "column": "row"}
        places = {"key": other[lines[0]] if lines else "pixel"} | places
    elif "query" in axes:
        places = {"query": "pixel"}
    averaged = set(axes) - set(places)
    return None if not places or averaged & set(sum_axes) else places


def planes(values, axes, geometry, keep=None, sum_axes=()):
    """Returns a map's planes of pixels.

    Args:
        values: The map.
        axes: Names of its axes.
        geometry: Where the pixels lie, for their numbers.
        keep: Name of an axis to keep, such as `"head"`; all others are averaged.
        sum_axes: Those over which the map sums to one.

    Returns:
        Array `(batch, rows, columns)`, or `(batch, keep, rows, columns)`. A map that tells of
        rows alone is the same in all columns, and the other way round.

    Example:
        >>> from regard.maps.geometry import of_image
        >>> gate = np.array([[[0.2], [0.4]]])
        >>> planes(gate, ("batch", "row", "channel"), of_image((2, 3))).round(1).tolist()
        [[[0.2, 0.2, 0.2], [0.4, 0.4, 0.4]]]
    """
    places = spatial_names(axes, tuple(name for name in sum_axes if name != keep))
    front = ["batch", *([keep] if keep else [])]
    back = _in_order(places)
    others = tuple(n for n, name in enumerate(axes) if name not in (*front, *places))
    mean = values.mean(axis=others) if others else values
    left = [name for name in axes if name in (*front, *places)]
    mean = np.transpose(mean, [left.index(name) for name in (*front, *back)])
    sizes = tuple(axis.size for axis in geometry.axes)
    lead = mean.shape[: len(front)]
    told = [places[name] for name in back]
    if told == ["row"]:
        mean = mean[..., None]
    elif told == ["column"]:
        mean = mean[..., None, :]
    elif told == ["pixel"]:
        mean = mean.reshape(*lead, *sizes)
    return np.broadcast_to(mean, (*lead, *sizes))


def _in_order(places):
    order = ["row", "column", "pixel"]
    return sorted(places, key=lambda name: order.index(places[name]))

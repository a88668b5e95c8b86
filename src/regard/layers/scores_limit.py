"""How many bytes of attention scores one call may return."""

from regard.layers import arguments

_limit = 2**30


def limit_scores(size):
    """Sets how many bytes of attention scores one call of a layer may return.

    Args:
        size: Bytes, at least 1; 1 GiB at the start.

    Returns:
        The limit before, in bytes.

    Raises:
        ValueError: If `size` is not an integer of at least 1.

    Example:
        >>> before = limit_scores(2 * 2**30)
        >>> _ = limit_scores(before)
    """
    global _limit
    before, _limit = _limit, arguments.integer("size", size)
    return before


def limit():
    """Returns how many bytes of attention scores one call of a layer may return."""
    return _limit


def refuse_over_limit(name, count, dtype):
    """Raises MemoryError if `count` scores need more bytes than the limit.

    Args:
        name: The layer's name.
        count: Number of scores, or None if it is not known.
        dtype: Their dtype.

    Raises:
        MemoryError: If they are too many; the figure and the ways out are given.
    """
    size = 0 if count is None else count * (8 if dtype == "float64" else 4)
    if size > _limit:
        raise MemoryError(
            f"The attention scores of {name} would take {size / 2**30:.2f} GiB, over the limit of "
            f"{_limit / 2**30:.2f} GiB. Ask for fewer images at a time, put the layer after a "
            "pooling, call it without return_attention_scores, or raise the limit with "
            "regard.layers.limit_scores(bytes)."
        )

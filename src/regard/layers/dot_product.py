"""Dot-product attention over many keys, whole or in parts that keep memory linear."""

import math

import keras
from keras import ops

from regard.layers import parts

WHOLE = 2**22  # logits up to which the whole product is taken: 16 MiB of float32
PART = 2**20  # logits of a part beyond: 4 MiB stay near the processor
SLICE = 2**18  # logits of the images that JAX takes at once on a CPU


def scores(queries, keys):
    """Returns `softmax(queries keys^T)` over the keys.

    Args:
        queries: `(..., queries, size)`, scaled as the formula wants them, at least float32.
        keys: `(..., keys, size)`.

    Returns:
        `(..., queries, keys)`; each query's row sums to 1.
    """
    return parts.softmax(ops.matmul(queries, ops.swapaxes(keys, -1, -2)))


def gather(attention, values):
    """Returns the values that the attention gathers, in the values' dtype."""
    return ops.matmul(ops.cast(attention, values.dtype), values)


def attend(queries, keys, values):
    """Returns `softmax(queries keys^T) values` without holding queries x keys where it is large.

    Beyond `WHOLE` logits the queries go in parts, forward and backward, each part with
    its whole softmax; so memory grows linearly with the number of queries and of keys.

    Args:
        queries: `(..., queries, size)`, scaled as the formula wants them, at least float32.
        keys: `(..., keys, size)`.
        values: `(..., keys, value size)`.

    Returns:
        `(..., queries, value size)`, in the dtype of `values`.
    """
    if holds_no_numbers(queries):
        return gather(scores(queries, keys), values)
    if not _is_small(queries.shape, keys.shape):
        return _attend_in_parts(queries, keys, values)
    if _is_jax_on_cpu():
        return _attend_in_slices(queries, keys, values)
    return gather(scores(queries, keys), values)


def scores_count(shape, heads=1, keys=None):
    """Returns the number of scores of all pixels of `shape`, channels last, None if unknown.

    Args:
        shape: Shape of the feature map, channels last.
        heads: Number of heads.
        keys: Number of keys, by default as many as pixels.
    """
    if None in shape[:-1]:
        return None
    pixels = math.prod(shape[1:-1])
    return shape[0] * heads * pixels * (pixels if keys is None else keys)


def holds_no_numbers(x):
    """Returns whether Keras only works out shapes: then JAX has symbols, PyTorch meta tensors."""
    is_symbol = not all(size is None or isinstance(size, int) for size in x.shape)
    return is_symbol or getattr(x, "is_meta", False)


def _is_small(queries, keys):
    sizes = (*queries[:-1], keys[-2])
    return None not in sizes and math.prod(sizes) <= WHOLE


def _is_jax_on_cpu():
    if keras.config.backend() != "jax":
        return False
    import jax

    return jax.default_backend() == "cpu"


def _attend_in_slices(queries, keys, values):
    """Takes a few images at a time: XLA computes a batch of products on one core, slices on all."""
    logits = math.prod((*queries.shape[1:-1], keys.shape[-2]))
    size = max(SLICE // logits, 1)
    starts = range(0, max(queries.shape[0], 1), size)
    slices = [[x[start : start + size] for x in (queries, keys, values)] for start in starts]
    return ops.concatenate([_attend_keeping_scores(*one) for one in slices])


@ops.custom_gradient
def _attend_keeping_scores(queries, keys, values):
    attention = scores(queries, keys)

    def gradients(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        wide, given = (ops.cast(x, queries.dtype) for x in (values, upstream))
        d_queries, d_keys, d_values = _backward(queries, keys, wide, attention, given)
        return d_queries, d_keys, ops.cast(d_values, values.dtype)

    return gather(attention, values), gradients


def _attend_in_parts(queries, keys, values):
    """Takes some images, heads or groups at a time, and of one that is too large some queries."""
    merged = [ops.reshape(x, (-1, *ops.shape(x)[-2:])) for x in (queries, keys, values)]
    return ops.reshape(_attend_one_by_one(*merged), _shape(queries, values))


@ops.custom_gradient
def _attend_one_by_one(queries, keys, values):
    number, rows, _ = ops.shape(queries)
    parts = _number_of_parts(number, _that_fit(rows * ops.shape(keys)[-2]))

    def each(function, *inputs):
        results = ops.map(lambda x: function(*x), [_cut(x, parts) for x in inputs])
        return keras.tree.map_structure(lambda x: _joined(x, number), results)

    def gradients(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        return each(_gradients, queries, keys, values, upstream)

    return each(_attend_in_rows, queries, keys, values), gradients


def _number_of_parts(number, most):
    """Into how many equal parts of at most `most` to cut; known numbers without a rest."""
    if isinstance(number, int) and isinstance(most, int):
        return next(
            parts
            for parts in range(1, number + 1)
            if number % parts == 0 and number <= parts * most
        )
    return _at_least_one(-(-number // most))


def _cut(x, parts):
    """`x` in equal parts along the first axis, which is filled up with zeros for it."""
    number, *rest = ops.shape(x)
    size = -(-number // parts)
    missing = parts * size - number
    filled = ops.pad(x, ((0, missing), *((0, 0),) * len(rest))) if _some(missing) else x
    return ops.reshape(filled, (parts, size, *rest))


def _joined(parts, number):
    return ops.reshape(parts, (-1, *ops.shape(parts)[2:]))[:number]


def _attend_in_rows(queries, keys, values):
    rows, row = _parts(queries, keys)

    def add(start, size, output):
        part = gather(scores(_rows(queries, start, size), keys), values)
        return _put(output, part, start)

    return _for_each_part(rows, row, add, ops.zeros(_shape(queries, values), values.dtype))


def _gradients(queries, keys, values, upstream):
    """The gradients of the three, from one part of the queries at a time."""
    rows, row = _parts(queries, keys)
    precise = queries.dtype
    wide = ops.cast(values, precise)

    def add(start, size, so_far):
        d_queries, d_keys, d_values = so_far
        part = _rows(queries, start, size)
        given = ops.cast(_rows(upstream, start, size), precise)
        of_part = _backward(part, keys, wide, scores(part, keys), given)
        return _put(d_queries, of_part[0], start), d_keys + of_part[1], d_values + of_part[2]

    start = ops.zeros_like(queries), ops.zeros_like(keys), ops.zeros_like(wide)
    d_queries, d_keys, d_values = _for_each_part(rows, row, add, start)
    return d_queries, d_keys, ops.cast(d_values, values.dtype)


def _backward(queries, keys, values, attention, upstream):
    """The gradients of the three from the attention.

    With `P = softmax(Q K^T)` and `O = P V`: `dV = P^T dO`, and `dS = P * (dP - sum(P * dP))` with
    `dP = dO V^T`, from which `dQ = dS K` and `dK = dS^T Q`.
    """
    d_values = ops.matmul(ops.swapaxes(attention, -1, -2), upstream)
    d_attention = ops.matmul(upstream, ops.swapaxes(values, -1, -2))
    mean = ops.sum(attention * d_attention, axis=-1, keepdims=True)
    d_logits = attention * (d_attention - mean)
    d_keys = ops.matmul(ops.swapaxes(d_logits, -1, -2), queries)
    return ops.matmul(d_logits, keys), d_keys, d_values


def _parts(queries, keys):
    """Number of queries, and how many of them make one part: no more than there are."""
    number, rows, _ = ops.shape(queries)
    row = _that_fit(number * ops.shape(keys)[-2])
    if isinstance(rows, int) and isinstance(row, int):
        return rows, _at_least_one(min(rows, row))
    return rows, _at_least_one(ops.minimum(rows, row))


def _that_fit(logits):
    """How many times `logits` make one part, at least once."""
    return _at_least_one(PART // _at_least_one(logits))


def _some(number):
    return not isinstance(number, int) or number > 0


def _at_least_one(number):
    return max(number, 1) if isinstance(number, int) else ops.maximum(number, 1)


def _for_each_part(rows, row, add, result):
    """Calls `add(start, size, result)` for parts of `row` queries, then for the rest."""
    if isinstance(rows, int) and isinstance(row, int) and rows <= row:
        return add(0, rows, result)
    whole, rest = rows // row, rows % row

    def body(index, result):
        return index + 1, add(index * row, row, result)

    _, result = ops.while_loop(lambda index, _: index < whole, body, (0, result))
    return add(whole * row, rest, result) if _some(rest) else result


def _rows(x, start, size):
    number, _, width = ops.shape(x)
    return ops.slice(x, (0, start, 0), (number, size, width))


def _put(x, part, start):
    is_all = None not in x.shape and x.shape == part.shape
    return part if is_all else ops.slice_update(x, (0, start, 0), part)


def _shape(queries, values):
    return (*ops.shape(queries)[:-1], values.shape[-1])

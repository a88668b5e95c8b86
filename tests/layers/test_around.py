import numpy as np
import pytest

from regard.layers import around
from tests.layers.reference.compare import run

import keras  # isort: skip

BATCH, ROWS, COLUMNS, HEADS, SIZE = 2, 4, 6, 3, 2
CHANNELS = HEADS * SIZE


def features(seed, border=0):
    shape = (BATCH, ROWS + 2 * border, COLUMNS + 2 * border, CHANNELS)
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def squares(padded, side):
    """Each pixel's square, copied out: `(batch, row, column, place, head, size)`."""
    cut = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    flat = np.moveaxis(cut, 3, -1).reshape(BATCH, ROWS, COLUMNS, side**2, CHANNELS)
    return flat.reshape(*flat.shape[:-1], HEADS, SIZE)


def by_head(x):
    return x.reshape(*x.shape[:-1], HEADS, SIZE)


def outcome(function, inputs, upstream):
    def call(x, return_attention_scores):
        return function(*x), keras.ops.zeros(1)

    output, _, gradients = run(call, inputs, upstream, "float32")
    return [output, *gradients]


@pytest.mark.parametrize("side", [1, 3, 5])
def test_scores_and_gradients_are_those_of_squares_copied_out(side):
    queries, keys = features(0), features(1, side // 2)
    upstream = np.random.default_rng(2).normal(size=(BATCH, ROWS, COLUMNS, side**2, HEADS))
    upstream = upstream.astype("float32")

    def scores(queries, keys):
        return around.scores(queries, keys, side, HEADS)

    output, d_queries, d_keys = outcome(scores, [queries, keys], upstream)
    around_each = squares(keys, side)
    want = np.einsum("bijhd,bijphd->bijph", by_head(queries), around_each)
    np.testing.assert_allclose(output, want, rtol=1e-4, atol=1e-5)
    want = np.einsum("bijph,bijphd->bijhd", upstream, around_each)
    np.testing.assert_allclose(by_head(d_queries), want, rtol=1e-4, atol=1e-5)
    want = np.zeros_like(keys)
    for row in range(side):
        for column in range(side):
            weight = np.repeat(upstream[:, :, :, row * side + column], SIZE, axis=-1)
            want[:, row : row + ROWS, column : column + COLUMNS] += weight * queries
    np.testing.assert_allclose(d_keys, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [1, 3, 5])
def test_what_is_gathered_and_its_gradients_are_those_of_squares_copied_out(side):
    values, upstream = features(0, side // 2), features(1)
    attention = np.random.default_rng(2).random((BATCH, ROWS, COLUMNS, side**2, HEADS), "float32")

    output, d_attention, d_values = outcome(around.gather, [attention, values], upstream)
    around_each = squares(values, side)
    want = np.einsum("bijph,bijphd->bijhd", attention, around_each)
    np.testing.assert_allclose(by_head(output), want, rtol=1e-4, atol=1e-5)
    want = np.einsum("bijhd,bijphd->bijph", by_head(upstream), around_each)
    np.testing.assert_allclose(d_attention, want, rtol=1e-4, atol=1e-5)
    want = np.zeros_like(values)
    for row in range(side):
        for column in range(side):
            weight = np.repeat(attention[:, :, :, row * side + column], SIZE, axis=-1)
            want[:, row : row + ROWS, column : column + COLUMNS] += weight * upstream
    np.testing.assert_allclose(d_values, want, rtol=1e-4, atol=1e-5)


def test_sums_over_large_squares_are_no_less_precise_than_bfloat16():
    side = 9
    values = np.random.default_rng(0).normal(1, size=features(0, side // 2).shape)
    attention = np.random.default_rng(1).random((BATCH, ROWS, COLUMNS, side**2, HEADS))
    half = [keras.ops.cast(x, "bfloat16") for x in (attention / side**2, values)]
    weights, values = (keras.ops.convert_to_numpy(keras.ops.cast(x, "float32")) for x in half)
    want = np.einsum("bijph,bijphd->bijhd", weights, squares(values, side))
    got = keras.ops.convert_to_numpy(keras.ops.cast(around.gather(*half), "float32"))
    np.testing.assert_allclose(by_head(got), want, rtol=0, atol=2**-7 * np.abs(want).max())

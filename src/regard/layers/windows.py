"""Overlapping windows of a feature map."""

from keras import ops


def windows(x, size, stride):
    """Returns the windows of `size` x `size` that begin at every `stride`-th row and column.

    Args:
        x: `(batch, row, column, channels)`, of `n * stride + size - stride` rows for `n` windows
            one below the other; likewise the columns.
        size: Side of a window.
        stride: Rows and columns from one window to the next.

    Returns:
        `(batch, window row, window column, row, column, channels)`.
    """
    starts = [slice(n, n + 1 - size or None, stride) for n in range(size)]
    columns = ops.stack([x[:, :, start] for start in starts], axis=3)
    return ops.stack([columns[:, start] for start in starts], axis=3)

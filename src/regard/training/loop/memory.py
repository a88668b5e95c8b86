"""Says how much memory was missing, and which batch size to try."""

import contextlib
import math
import re

from regard.errors import RegardError

_TYPES = ("ResourceExhaustedError", "OutOfMemoryError")
_WORDS = (
    "RESOURCE_EXHAUSTED",
    "not enough memory",
    "can't allocate memory",
    "out of memory",
    "OOM when allocating",
)


class OutOfMemory(RegardError):
    """A step needs more memory than there is."""


@contextlib.contextmanager
def explained(batch_size, undo=None):
    """Raises `OutOfMemory` with the figure and a smaller batch size if memory runs out inside.

    Args:
        batch_size: Images of a step.
        undo: Called before that, without arguments; or None.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        if undo is not None:
            undo()
        raise OutOfMemory(_message(str(error), batch_size)) from error


def is_out_of_memory(error):
    """Whether a backend's error says that memory ran out."""
    words = str(error).lower()
    known = isinstance(error, MemoryError) or type(error).__name__ in _TYPES
    return known or any(word.lower() in words for word in _WORDS)


def _message(text, batch_size):
    size = _bytes(text)
    what = f" when {size / 2**30:.1f} GiB more were asked for" if size else ""
    if batch_size == 1:
        return f"Out of memory{what}, with one image a step. Make the images or the model smaller."
    return f"Out of memory{what}, at batch_size={batch_size}. Try batch_size={batch_size // 2}."


def _bytes(text):
    """The size that was asked for, as TensorFlow, JAX and PyTorch write it, or None."""
    shape = re.search(r"tensor with shape\[([\d,]+)\] and type (\w+)", text)
    if shape:
        width = {"double": 8, "int64": 8, "half": 2, "bfloat16": 2, "bool": 1, "uint8": 1}
        return math.prod(map(int, shape[1].split(","))) * width.get(shape[2], 4)
    plain = re.search(r"allocat\w* (\d+) bytes", text)
    if plain:
        return int(plain[1])
    unit = re.search(r"allocate ([\d.]+) ?([KMGTPE])i?B", text)
    return float(unit[1]) * 1024 ** (1 + "KMGTPE".index(unit[2])) if unit else None

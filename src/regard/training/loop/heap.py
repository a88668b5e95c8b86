"""Lets the C library keep the memory that one step frees for the next one."""

import ctypes
import platform

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # names of mallopt's settings
_MARGIN = 2**28  # bytes that the heap grows by
_NEVER = 2**31 - 1  # bytes; the most that mallopt takes


def keep_freed_memory():
    """Keeps freed memory with this process instead of giving it back after each step.

    JAX and PyTorch free and ask for their arrays at each step; a page that went back to the system
    must be zeroed and mapped anew, which took up to a quarter of a step. The process keeps the
    most that it ever used. Does nothing without glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(_MMAP_THRESHOLD, _NEVER)
    mallopt(_TRIM_THRESHOLD, _NEVER)
    mallopt(_TOP_PAD, _MARGIN)

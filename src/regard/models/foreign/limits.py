"""Limits of a process: memory, time, no network, no other programs, no files elsewhere."""

import ctypes
import os
import sys
from pathlib import Path

CPU_SECONDS = 300
SPARE_BYTES = 4 << 30
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_REFUSED = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pickle.find_class",
    "pty.spawn",
    "socket.",
    "subprocess.Popen",
)
_CHANGES = dict.fromkeys(("os.chmod", "os.mkdir", "os.remove", "os.rmdir"), 1)
_CHANGES |= dict.fromkeys(("os.link", "os.rename", "os.symlink"), 2)  # from one place to another


def leave_network():
    """Moves this process, which must have one thread, into a network of its own without devices.

    Returns:
        Whether the system allows it: Linux, for root or where users may have namespaces.
    """
    if not sys.platform.startswith("linux"):
        return False
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return unshare(_NEW_NETWORK) == 0 or unshare(_NEW_USER | _NEW_NETWORK) == 0


def limit_memory_and_time(more_bytes):
    """Limits this process to the memory that it has plus 4 GiB and `more_bytes`, and CPU time.

    Args:
        more_bytes: Beyond 4 GiB; as much is the most that it may write to a file.
    """
    if os.name == "nt":
        return
    import resource

    limits = {
        resource.RLIMIT_CPU: CPU_SECONDS + int(sum(os.times()[:2])),
        resource.RLIMIT_FSIZE: more_bytes,
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform.startswith("linux"):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limits[resource.RLIMIT_AS] = pages * resource.getpagesize() + SPARE_BYTES + more_bytes
    for what, most in limits.items():
        before = resource.getrlimit(what)[1]
        most = most if before == resource.RLIM_INFINITY else min(most, before)
        resource.setrlimit(what, (most, most))


def refuse_harm(folder):
    """Refuses, for the rest of this process, sockets, programs, and files changed outside `folder`.

    Python tells a hook of each such step; code that is not Python's does not ask it.
    """
    inside = os.path.realpath(folder) + os.sep

    def watch(event, arguments):
        if event.startswith(_REFUSED):
            raise PermissionError(f"refused: {event}")
        count = _CHANGES.get(event, event == "open" and _writes(arguments))
        for path in arguments[:count]:
            if not os.path.realpath(os.fsdecode(path)).startswith(inside):
                raise PermissionError(f"refused: {event} of {path}")

    sys.addaudithook(watch)


def _writes(arguments):
    path, mode, flags = arguments
    if isinstance(path, int):
        return False
    return bool(flags & (os.O_WRONLY | os.O_RDWR)) or any(c in (mode or "") for c in "wax+")

"""The most memory that a process had, by kind, where the system is Linux."""

import threading
from pathlib import Path

INTERVAL = 0.05  # seconds between two looks
_KINDS = {"RssAnon": "anonymous", "RssFile": "files", "RssShmem": "shared"}


class PeakMemory:
    """Looks at a process over and over within a `with`, and keeps the largest figures.

    Args:
        pid: Number of the process; it may end meanwhile.

    Attributes:
        megabytes: The peak of each kind: anonymous memory, mapped files and shared memory; each at
            its own time. Empty on another system.
    """

    def __init__(self, pid):
        self.megabytes = {}
        self._status = Path("/proc", str(pid), "status")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        self._thread.join()

    def _watch(self):
        while not self._stopped.wait(INTERVAL):
            for kind, size in self._sizes():
                self.megabytes[kind] = max(size, self.megabytes.get(kind, 0))

    def _sizes(self):
        try:
            lines = self._status.read_text().splitlines()
        except OSError:  # it has ended, or there is no such file on this system
            return []
        pairs = (line.split(":") for line in lines)
        return [
            (_KINDS[name], int(rest.split()[0]) / 1024) for name, rest in pairs if name in _KINDS
        ]

"""The machine and the versions that a time depends on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("regard", "keras", "numpy", "tensorflow", "jax", "torch")
_CPU_INFO = Path("/proc/cpuinfo")


def machine():
    """Returns the model of the processor, the number of cores and the system."""
    return {"cpu": _cpu(), "cores": os.cpu_count(), "system": platform.system()}


def load():
    """Returns the mean number of running processes of the last minute, None where unknown."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def versions():
    """Returns the versions of Python and of the packages that are installed."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu():
    if _CPU_INFO.exists():
        for line in _CPU_INFO.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

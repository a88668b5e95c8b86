"""Results that are kept, one file a run, and the last one to compare with."""

import json
from pathlib import Path

import platformdirs

from regard.files import unused, write_text

FOLDER = platformdirs.user_cache_path("regard") / "benchmarks"


def keep(result) -> Path:
    """Writes a result to a file of its own and returns its path."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    day = result["date"].replace(":", "")
    path = unused(FOLDER / f"training-step-{result['backend']}-{day}.json")
    write_text(path, json.dumps(result, indent=2) + "\n")
    return path


def latest(machine, backend, steps):
    """Returns the last result of that machine, backend and number of steps, or None."""
    results = map(_read, FOLDER.glob(f"training-step-{backend}-*.json"))
    alike = [r for r in results if r and (r.get("machine"), r.get("steps")) == (machine, steps)]
    return max(alike, key=lambda result: result["date"], default=None)


def _read(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None

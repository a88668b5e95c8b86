"""The errors that regard raises, each with the exit code it means on the command line.

```
RegardError          1  something failed
├── UsageError       2  an argument that cannot be right; also a ValueError
└── DataError        3  images, labels or files that cannot be used; also a ValueError
```
"""

import difflib
from collections.abc import Iterable


class RegardError(Exception):
    """Something failed; the message says what, what was found and what to do."""

    exit_code = 1


class UsageError(RegardError, ValueError):
    """An argument, option or name that cannot be right."""

    exit_code = 2


class DataError(RegardError, ValueError):
    """Images, labels or files that cannot be used."""

    exit_code = 3


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns a sentence that names the nearest known names, or lists all of them.

    Args:
        name: What was asked for.
        known: The names that exist.

    Returns:
        `"Nearest: …."`, or `"Known: …."` if none is near.

    Example:
        >>> nearest("fashion-mnst", ["fashion-mnist", "photos"])
        'Nearest: fashion-mnist.'
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return f"Nearest: {', '.join(near)}." if near else f"Known: {', '.join(known)}."

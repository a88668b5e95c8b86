"""A folder with the last whole states of a training."""

import re
import time
from pathlib import Path

from regard.errors import DataError, RegardError
from regard.files import remove_left_behind
from regard.training.checkpoint import read_arrays, write_arrays

KEPT = 2
BETWEEN = 10.0  # seconds, at least
SHARE = 200  # of the time goes to training for each part that goes to writing

_NAME = re.compile(r"steps-(\d+)\.json")


class Checkpoints:
    """The newest states of a training, for `regard.training.fit` to go on from.

    A state is a file of arrays and a manifest with its SHA-256. Both are written under another
    name, synchronised with the disk and renamed, so that at no instant the folder has no good
    state once it had one. The last two are kept.

    Args:
        folder: A folder; it is made if it does not exist.
        between: Seconds between two states, at least; more where writing takes more than
            1 / 200 of that.
        say: Called with a line about a file that cannot be written or read.

    Example:
        >>> import tempfile
        >>> Checkpoints(tempfile.mkdtemp()).newest() is None
        True
    """

    def __init__(self, folder, between=BETWEEN, say=print):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._between = between
        self._say = say
        self._pause = between
        self._written_at = time.monotonic()

    def is_due(self):
        """Whether enough time went by since the last state was written."""
        return time.monotonic() - self._written_at >= self._pause

    def write(self, number, arrays, facts):
        """Writes a state and removes all but the last two; a failure is said, not raised.

        Args:
            number: Number of all steps done.
            arrays: NumPy arrays by name.
            facts: Plain JSON values.
        """
        started = time.monotonic()
        try:
            file = self.folder / f"steps-{number:09d}.safetensors"
            write_arrays(file, arrays, facts)
            self._remove_old()
        except (RegardError, OSError) as error:
            self._say(f"The state after {number} steps was not kept: {error} Training goes on.")
        self._written_at = time.monotonic()
        self._pause = max(self._between, SHARE * (self._written_at - started))

    def newest(self):
        """Returns the arrays and facts of the newest state that is whole, or None if there is none.

        One that is damaged is named and removed, if there is a whole one before it.

        Raises:
            DataError: If there are states, and all are damaged.
        """
        damaged = []
        for file in self.files():
            try:
                found = read_arrays(file)
            except DataError as error:
                damaged.append((file, error))
                continue
            for wrong, error in damaged:
                self._say(f"{error} The one before it is taken.")
                _remove(wrong)
            return found
        if damaged:
            raise DataError(f"All states in {self.folder} are damaged. {damaged[0][1]}")
        return None

    def files(self):
        """Returns the array files of the states, the newest first; a manifest makes one a state."""
        named = {int(m[1]): f for f in self.folder.iterdir() if (m := _NAME.fullmatch(f.name))}
        return [named[n].with_suffix(".safetensors") for n in sorted(named, reverse=True)]

    def _remove_old(self):
        for file in self.files()[KEPT:]:
            _remove(file)
        remove_left_behind(self.folder)


def _remove(file):
    """Removes a state, its manifest first."""
    file.with_suffix(".json").unlink()
    file.unlink(missing_ok=True)

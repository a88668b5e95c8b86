"""Photos with their classes, as a folder or a table names them."""

import re
from pathlib import Path
from typing import NamedTuple

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Photo(NamedTuple):
    """A file and what is known of it.

    Attributes:
        path: The file.
        label: Index of its class.
        side: `"train"`, `"validation"` or `"test"` where that is given, else None.
        group: Name of the photos that it lies on one side with, or None.
    """

    path: Path
    label: int
    side: str | None = None
    group: str | None = None

    def name_in(self, folder: Path) -> str:
        """Returns its printable path below a folder, with `/` between the parts.

        Example:
            >>> Photo(Path("photos/cat/1.png"), 0).name_in(Path("photos"))
            'cat/1.png'
        """
        return printable(self.path.relative_to(folder).as_posix())


class PhotoSource(NamedTuple):
    """Photos, and what lies beside them.

    Attributes:
        folder: The folder that the photos lie in.
        class_names: In natural order.
        photos: One `Photo` for each file.
        ignored: Other files and folders, each with the reason.
    """

    folder: Path
    class_names: tuple[str, ...]
    photos: list[Photo]
    ignored: list[tuple[Path, str]]


def printable(name: str) -> str:
    r"""Returns a name with control characters, and bytes that are no text, escaped.

    Example:
        >>> print(printable("żółw\n1.png"))
        żółw\n1.png
    """
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], name)

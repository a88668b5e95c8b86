"""Photos with their classes, as a folder or a table names them."""

from pathlib import Path
from typing import NamedTuple


class Photo(NamedTuple):
    """A file and what is known of it.

    Attributes:
        path: The file.
        label: Index of its class.
        side: `"train"`, `"validation"` or `"test"` where that is given, else None.
    """

    path: Path
    label: int
    side: str | None = None


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

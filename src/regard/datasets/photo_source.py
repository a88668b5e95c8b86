"""Photos with their classes, as a folder or a table names them."""

from pathlib import Path
from typing import NamedTuple


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
        """Returns its path below a folder, with `/` between the parts.

        Example:
            >>> Photo(Path("photos/cat/1.png"), 0).name_in(Path("photos"))
            'cat/1.png'
        """
        return self.path.relative_to(folder).as_posix()


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

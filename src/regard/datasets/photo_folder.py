"""Finds the photos of a folder that holds one folder for each class."""

import os
from pathlib import Path

from regard.datasets.photo_source import Photo, PhotoSource, printable
from regard.datasets.picture import SUFFIXES, natural
from regard.errors import DataError

_OF_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "__macosx", "icon\r"})


def find_photos(folder: str | os.PathLike) -> PhotoSource:
    """Finds the photos; a folder is a class, and all photos below it are of that class.

    The photos are class by class, each in natural order.

    Args:
        folder: A folder with at least two folders that hold pictures.

    Raises:
        DataError: If the folder cannot be read or has fewer than two classes.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> for name in ("cat", "dog"):
        ...     (root / name).mkdir()
        ...     _ = (root / name / "1.png").write_bytes(b"")
        >>> find_photos(root).class_names
        ('cat', 'dog')
    """
    folder = Path(folder)
    ignored = []
    by_class = {}
    for path in _entries(folder):
        reason = _reason_to_ignore(path)
        if reason:
            ignored.append((path, reason))
        elif not path.is_dir():
            ignored.append((path, "lies in no class folder"))
        elif files := list(_below(path, ignored)):
            by_class[printable(path.name)] = files
        else:
            ignored.append((path, "a folder without pictures"))
    if len(by_class) < 2:
        raise DataError(
            f"{folder} has {len(by_class)} folders with pictures; put the photos of each class "
            "into a folder of its own, at least two of them."
        )
    photos = [Photo(f, label) for label, files in enumerate(by_class.values()) for f in files]
    return PhotoSource(folder, tuple(by_class), photos, ignored)


def _below(folder, ignored):
    for path in _entries(folder):
        reason = _reason_to_ignore(path)
        if reason:
            ignored.append((path, reason))
        elif path.is_dir():
            yield from _below(path, ignored)
        elif path.suffix.lower() in SUFFIXES:
            yield path
        else:
            ignored.append((path, f"no picture's suffix ({path.suffix or 'none'})"))


def _reason_to_ignore(path):
    if path.name.startswith("."):
        return "hidden"
    if path.name.casefold() in _OF_SYSTEMS:
        return "of the system"
    if path.is_symlink() and path.is_dir():
        return "a link to a folder"
    return None


def _entries(folder):
    try:
        return sorted(folder.iterdir(), key=natural)
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}).") from error

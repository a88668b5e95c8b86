"""Finds the photos that a folder or a table names."""

from pathlib import Path

from regard.datasets.photo_folder import find_photos
from regard.datasets.photo_groups import with_groups
from regard.datasets.photo_source import PhotoSource
from regard.datasets.photo_table import read_table
from regard.errors import UsageError


def list_photos(source: Path, group_by: str | None = None) -> PhotoSource:
    """Lists the photos of a folder or a table; none of them is opened.

    Args:
        source: A folder, as for `regard.datasets.photo_folder.find_photos`, or a CSV file, as for
            `regard.datasets.photo_table.read_table`.
        group_by: As for `regard.datasets.photo_groups.with_groups`.

    Raises:
        UsageError: If the source is neither a folder nor a CSV file, or if `group_by` is no pattern
            with one capturing group.
        DataError: If the folder or table cannot be read or has fewer than two classes, or if a
            photo has no group.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> for name in ("cat", "dog"):
        ...     (root / name).mkdir()
        ...     (root / name / "1.jpg").touch()
        >>> [photo.name_in(root) for photo in list_photos(root).photos]
        ['cat/1.jpg', 'dog/1.jpg']
    """
    return with_groups(_found(source), group_by)


def _found(source):
    if source.is_dir():
        return find_photos(source)
    if source.suffix.lower() == ".csv":
        return read_table(source)
    raise UsageError(f"{source} is neither a folder of photos nor a CSV file that names them.")

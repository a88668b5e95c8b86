"""Groups of photos that lie on one side together, such as those of a patient."""

import re

from regard.datasets.photo_source import PhotoSource
from regard.errors import DataError, UsageError

FOLDER = "folder"


def with_groups(source: PhotoSource, group_by: str | None) -> PhotoSource:
    r"""Gives each photo the name of its group.

    Args:
        source: Photos.
        group_by: `"folder"` for the column `group` of a table, or for the folder inside the class
            folder (`class/group/photo.jpg`; the same name in two classes is the same group); or a
            pattern with one capturing group, searched for in each photo's path below the source's
            folder, such as `(patient\d+)_`; or None to leave all as it is.

    Raises:
        UsageError: If the pattern is none, or has not one capturing group.
        DataError: If a photo has no group.

    Example:
        >>> from pathlib import Path
        >>> from regard.datasets.photo_source import Photo
        >>> photos = [Photo(Path("photos/cat/patient7_1.png"), 0)]
        >>> source = PhotoSource(Path("photos"), ("cat", "dog"), photos, [])
        >>> with_groups(source, r"(patient\d+)_").photos[0].group
        'patient7'
    """
    if group_by is None or (group_by == FOLDER and all(photo.group for photo in source.photos)):
        return source
    if group_by == FOLDER:
        groups, lack = _by_folder(source), "lie in no folder inside their class folder"
        remedy = "Put each into class/group/, or give a pattern."
    else:
        groups, lack = _by_pattern(source, _pattern(group_by)), "are not matched by it"
        remedy = "Give a pattern that matches the path of every photo."
    lacking = [p for p, group in zip(source.photos, groups, strict=True) if not group]
    if lacking:
        raise DataError(
            f"--group-by {group_by}: {len(lacking)} of {len(groups)} photos {lack}, such as "
            f"{lacking[0].name_in(source.folder)}. {remedy}"
        )
    pairs = zip(source.photos, groups, strict=True)
    return source._replace(photos=[photo._replace(group=group) for photo, group in pairs])


def _by_folder(source):
    parts = [photo.name_in(source.folder).split("/") for photo in source.photos]
    of_class = [source.class_names[photo.label] for photo in source.photos]
    pairs = zip(parts, of_class, strict=True)
    return [names[1] if len(names) > 2 and names[0] == label else None for names, label in pairs]


def _by_pattern(source, pattern):
    found = [pattern.search(photo.name_in(source.folder)) for photo in source.photos]
    return [match and match[1] for match in found]


def _pattern(text):
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(
            f"--group-by {text!r} is neither {FOLDER!r} nor a pattern: {error}."
        ) from None
    if pattern.groups != 1:
        raise UsageError(
            f"--group-by {text!r} has {pattern.groups} capturing groups; it needs one, around what "
            r"names the group, such as (patient\d+)_."
        )
    return pattern

"""Reads a CSV file that names photos and their classes."""

import csv
import os
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from regard.datasets.photo_source import Photo, PhotoSource
from regard.datasets.picture import natural_name
from regard.datasets.sides import SIDES
from regard.errors import DataError

_NEEDED = ("path", "label")
_OPTIONAL = ("split", "group")
_TOLD = 3  # wrong lines that an error tells


class _Row(NamedTuple):
    line: int
    path: str
    label: str
    split: str | None
    group: str | None
    is_too_long: bool


def read_table(file: str | os.PathLike) -> PhotoSource:
    r"""Reads a table of photos: a CSV file in UTF-8 whose first row names the columns.

    Columns are told by name, in any order; others than these are left alone:

    - `path`: The file, relative to the table's folder and in it.
    - `label`: The name of its class.
    - `split`: Optional; `train`, `validation` or `test`, for every photo.
    - `group`: Optional; the photos of a group lie on one side.

    A row that says the same again counts once.

    Args:
        file: The table.

    Raises:
        DataError: If the table cannot be read or lacks a column, names fewer than two classes, or
            has a row without a label, of a file that is not there or outside the folder, or that
            contradicts another; the lines are named.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> for name in ("1.png", "2.png"):
        ...     _ = (root / name).write_bytes(b"")
        >>> _ = (root / "labels.csv").write_text("path,label\n1.png,cat\n2.png,dog\n")
        >>> read_table(root / "labels.csv").class_names
        ('cat', 'dog')
    """
    file = Path(file)
    rows = _rows(file)
    first = {}
    for row in rows:
        first.setdefault(row.path, row)
    reasons = ((row.line, _reason(row, first[row.path], file.parent)) for row in rows)
    wrong = [f"line {line}: {reason}" for line, reason in reasons if reason]
    if wrong:
        more = f"; and {len(wrong) - _TOLD} more lines" if len(wrong) > _TOLD else ""
        raise DataError(f"{file}, {'; '.join(wrong[:_TOLD])}{more}.")
    names = tuple(sorted({row.label for row in rows}, key=natural_name))
    if len(names) < 2:
        raise DataError(f"{file} names {len(names)} classes; there must be at least two.")
    photos = [
        Photo(file.parent / row.path, names.index(row.label), row.split, row.group)
        for row in first.values()
    ]
    return PhotoSource(file.parent, names, photos, ignored=[])


def _rows(file):
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True, strict=True)
            _check_header(file, reader.fieldnames)
            return [_row(reader.line_num, cells) for cells in reader]
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not UTF-8 ({error.reason}). Save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.reader.line_num}: no CSV ({error}).") from error


def _check_header(file, columns):
    for name in _NEEDED:
        if name not in (columns or ()):
            raise DataError(
                f"{file} has no column {name!r}; its first row is {', '.join(columns or ())!r}. "
                f"It must name the columns {' and '.join(_NEEDED)}, between commas."
            )
    for name in (*_NEEDED, *_OPTIONAL):
        if columns.count(name) > 1:
            raise DataError(f"{file} has {columns.count(name)} columns {name!r}; leave one.")


def _row(line, cells):
    def cell(name):
        return (cells[name] or "").strip() if name in cells else None

    path = cell("path")
    return _Row(
        line=line,
        path=os.path.normpath(path) if path else "",
        label=cell("label"),
        split=cell("split"),
        group=cell("group"),
        is_too_long=None in cells,
    )


def _reason(row, first, folder):
    """Returns what is wrong with a row, or None."""
    if row.is_too_long:
        return "more cells than columns; put a cell with a comma in quotes"
    if not row.path:
        return "no path"
    if not row.label:
        return "no label"
    if row.split not in (None, *SIDES):
        return f"split is {row.split!r}; it must be {', '.join(SIDES[:-1])} or {SIDES[-1]}"
    if row.group == "":
        return "no group"
    for name in ("label", *_OPTIONAL):
        here, there = getattr(row, name), getattr(first, name)
        if here != there:
            return f"{name} of {row.path} is {here!r}, but {there!r} in line {first.line}"
    return _reason_of_path(row.path, folder)


def _reason_of_path(path, folder):
    if PureWindowsPath(path).anchor:
        return f"{path} is absolute; name it relative to the table's folder"
    try:
        if not (folder / path).parent.resolve().is_relative_to(folder.resolve()):
            return f"{path} lies outside the table's folder"
        return None if (folder / path).is_file() else f"there is no file {path}"
    except (OSError, ValueError) as error:
        return f"{path[:80]!r} cannot be a file ({error})"

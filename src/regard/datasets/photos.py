"""Photos in a folder or a table, as a data set."""

import hashlib
import os
from pathlib import Path

import numpy as np

from regard.datasets.dataset import Dataset, Provenance, Split
from regard.datasets.image_shape import shape_of
from regard.datasets.image_store import reorder
from regard.datasets.photo_check import read_photos
from regard.datasets.photo_listing import list_photos
from regard.datasets.photo_source import printable
from regard.datasets.photo_split import split_photos
from regard.datasets.picture import read_header
from regard.datasets.sides import SIDES
from regard.errors import DataError


def load_photos(
    source: str | os.PathLike,
    image_size: int | None = None,
    validation: float = 0.1,
    strict: bool = False,
    group_by: str | None = None,
) -> Dataset:
    """Loads photos, upright and stretched to one size, split by their content.

    They lie in memory, or on disk if they take more than 1 GiB (`regard.datasets.image_store`).

    Files that cannot be read, and photos that lie in two classes, are left out and named in
    `provenance.notice`.

    Args:
        source: A folder with a folder for each class, or a CSV file; see
            `regard.datasets.photo_folder.find_photos` and
            `regard.datasets.photo_table.read_table`.
        image_size: As for `regard.datasets.image_shape.shape_of`.
        validation: Part of the photos that are not tested on, to validate on.
        strict: Whether a file that cannot be read is an error.
        group_by: As for `regard.datasets.photo_groups.with_groups`: the photos of a group, and of
            groups that share a photo, lie on one side.

    Returns:
        A data set of grey images if all photos are grey, else of colour images. About a fifth of
        the photos are to test on, unless the table says otherwise.

    Raises:
        UsageError: If `group_by` is no pattern with one capturing group.
        DataError: If there are no two classes, a class has fewer than three different photos or
            groups, a photo has no group, or a file cannot be read and `strict` is given.
    """
    source = Path(source)
    found = _read(list_photos(source, group_by), image_size)
    if strict and found.broken:
        lines = "; ".join(found.lines_of_broken())
        raise DataError(f"{source}: {len(found.broken)} photos cannot be read (--strict): {lines}")
    usable = found.usable()
    train, held_out, test = _parts(usable, split_photos(usable, validation))
    source = source.resolve()
    return Dataset(
        name=source.name if source.is_dir() else source.stem,
        train=train,
        test=test,
        class_names=found.class_names,
        provenance=Provenance(str(source), _digests(source, usable), _notice(found)),
        validation=held_out,
    )


def _read(listed, image_size):
    """Reads all photos, anew where those that are left out had changed the shape."""
    headers = (read_header(photo.path) for photo in listed.photos)
    shape = shape_of(filter(None, headers), image_size)
    found = read_photos(listed, shape)
    usable = [(one.rows, one.columns, one.mode) for one in found.usable().descriptions]
    right = shape_of(usable, image_size)
    return found if right == shape else read_photos(listed, right)


def _parts(usable, sides):
    """Returns the photos of each side, and sorts the images by it."""
    order = np.argsort(sides, kind="stable")
    reorder(usable.images, usable.rows[order])
    labels = np.array([photo.label for photo in usable.photos], np.int64)[order]
    ends = np.cumsum(np.bincount(sides, minlength=len(SIDES)))
    parts = zip([0, *ends], ends, strict=False)
    return [Split(usable.images[start:end], labels[start:end]) for start, end in parts]


def _digests(source, found):
    """SHA-256 of the names and contents of all photos that are read, and of the table."""
    whole = hashlib.sha256()
    for photo, one in zip(found.photos, found.descriptions, strict=True):
        whole.update(f"{found.name(photo)} {one.sha256}\n".encode())
    table = {} if source.is_dir() else {source.name: _sha256(source)}
    return {"photos": whole.hexdigest()} | table


def _sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _notice(found):
    names = [printable(str(path.relative_to(found.folder))) for path, _ in found.ignored]
    parts = {
        "files cannot be read and are left out": found.lines_of_broken(),
        "groups of photos are left out": found.lines_of_contradictions(),
        "other files and folders are ignored": names,
    }
    return " ".join(f"{len(p)} {what}: {'; '.join(p)}." for what, p in parts.items() if p)

"""Photos in a folder or a table, as a data set."""

import hashlib
import os
from pathlib import Path

import numpy as np

from regard.datasets.dataset import Dataset, Provenance, Split
from regard.datasets.image_store import room_for
from regard.datasets.parallel import on_all_cores
from regard.datasets.photo_check import check_photos
from regard.datasets.photo_source import printable
from regard.datasets.photo_split import split_photos
from regard.datasets.picture import read_picture
from regard.errors import DataError

SIDE = 96  # pixels, where the photos differ in size or are larger than `OWN`
OWN = 64  # pixels; photos that are all of one size up to it keep it
_GREY = frozenset({"1", "L", "LA", "I;16"})


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
        image_size: Rows and columns of the images; by default the photos' own size if it is the
            same for all and at most 64 x 64, else 96 x 96.
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
    found = check_photos(source, group_by)
    if strict and found.broken:
        lines = "; ".join(found.lines_of_broken())
        raise DataError(f"{source}: {len(found.broken)} photos cannot be read (--strict): {lines}")
    usable = found.usable()
    sides = split_photos(usable, validation)
    shape = _shape(usable.descriptions, image_size)
    train, held_out, test = (
        _read([usable.photos[index] for index in np.flatnonzero(sides == side)], shape)
        for side in range(3)
    )
    source = source.resolve()
    return Dataset(
        name=source.name if source.is_dir() else source.stem,
        train=train,
        test=test,
        class_names=found.class_names,
        provenance=Provenance(str(source), _digests(source, usable), _notice(found)),
        validation=held_out,
    )


def _shape(descriptions, image_size):
    """Returns rows, columns and channels of the images."""
    sizes = {(one.rows, one.columns) for one in descriptions}
    own = next(iter(sizes))
    size = own if len(sizes) == 1 and max(own) <= OWN else (SIDE, SIDE)
    channels = 1 if all(one.mode in _GREY for one in descriptions) else 3
    return (*((image_size, image_size) if image_size else size), channels)


def _read(photos, shape):
    images = room_for(len(photos), shape)

    def read(index):
        images[index] = read_picture(photos[index].path, shape[:2], shape[2])

    on_all_cores(read, range(len(photos)))
    return Split(images, np.array([photo.label for photo in photos], np.int64))


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

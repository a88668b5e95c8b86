"""Looks at every photo of a folder or a table before any training."""

import dataclasses
import os
from collections import Counter
from pathlib import Path

import numpy as np

from regard.datasets import duplicates
from regard.datasets.image_store import room_for
from regard.datasets.parallel import on_all_cores
from regard.datasets.photo_listing import list_photos
from regard.datasets.photo_source import Photo, PhotoSource
from regard.datasets.photo_split import split_photos
from regard.datasets.picture import read_described
from regard.datasets.picture_file import Description
from regard.datasets.sides import SIDES
from regard.errors import DataError

FEW = 10  # photos of a class, below which a split says little
IMBALANCE = 10  # times as many photos in the largest class as in the smallest


@dataclasses.dataclass(frozen=True)
class PhotoCheck:
    """What was found in a folder or a table of photos.

    Attributes:
        folder: The folder that the photos lie in.
        class_names: In natural order.
        photos: The photos that can be read, class by class.
        descriptions: What each of them is.
        images: What was read of all files, as `regard.datasets.picture.read_picture` gives it.
        rows: The index into `images` of each photo that can be read.
        broken: Photos that cannot be read, each with the reason.
        ignored: Files and folders that are no photos, each with the reason.
    """

    folder: Path
    class_names: tuple[str, ...]
    photos: list[Photo]
    descriptions: list[Description]
    images: np.ndarray
    rows: np.ndarray
    broken: list[tuple[Photo, str]]
    ignored: list[tuple[Path, str]]

    def counts(self):
        """Returns how many photos of each class can be read, and how many there are."""
        good = Counter(photo.label for photo in self.photos)
        bad = Counter(photo.label for photo, _ in self.broken)
        labels = range(len(self.class_names))
        return [(self.class_names[n], good[n], good[n] + bad[n]) for n in labels]

    def summary(self):
        """Returns one line on formats, kinds of pixels and sizes."""
        formats = _counted(one.format for one in self.descriptions)
        modes = _counted(one.mode for one in self.descriptions)
        turned = sum(one.is_turned for one in self.descriptions)
        rows = [one.rows for one in self.descriptions]
        columns = [one.columns for one in self.descriptions]
        sizes = f"{min(rows)}-{max(rows)} x {min(columns)}-{max(columns)}" if rows else "none"
        return f"{formats}; {modes}; rows x columns {sizes}; {turned} with an orientation mark"

    def name(self, photo):
        """Returns the path of a photo below the folder."""
        return photo.name_in(self.folder)

    def alike(self):
        """Returns pairs of photos that look the same, of such as `check_photos` read."""
        pairs = duplicates.near(self.descriptions, self.images[self.rows])
        return [self._photos(pair) for pair in pairs]

    def lines_of_broken(self):
        """Returns a line for each photo that cannot be read, with the reason."""
        return [f"{self.name(photo)}: {reason}" for photo, reason in self.broken]

    def contradictions(self):
        """Returns groups of indices of photos with the same bytes in different classes."""
        groups = duplicates.exact(self.descriptions)
        return [g for g in groups if len({self.photos[index].label for index in g}) > 1]

    def lines_of_contradictions(self):
        """Returns a line for each such group."""
        return [
            f"the same photo in two classes: {self._names(group)}"
            for group in self.contradictions()
        ]

    def usable(self):
        """Returns the same without the photos that lie in two classes."""
        wrong = {index for group in self.contradictions() for index in group}
        right = [index for index in range(len(self.photos)) if index not in wrong]
        return dataclasses.replace(
            self,
            photos=[self.photos[index] for index in right],
            descriptions=[self.descriptions[index] for index in right],
            rows=self.rows[right],
        )

    def sides(self, validation: float = 0.1):
        """Returns the side of each photo that a training uses, `"train"` and so on, by photo.

        Args:
            validation: Part of the photos that are not tested on, to validate on.

        Raises:
            DataError: As for `regard.datasets.photo_split.split_photos`.
        """
        usable = self.usable()
        numbers = split_photos(usable, validation).tolist()
        return {photo: SIDES[n] for photo, n in zip(usable.photos, numbers, strict=True)}

    def counts_by_side(self):
        """Returns how many photos of each class, in order, a training has on each side, by side.

        Raises:
            DataError: As for `sides`.
        """
        counts = Counter((side, photo.label) for photo, side in self.sides().items())
        labels = range(len(self.class_names))
        return {side: [counts[side, label] for label in labels] for side in SIDES}

    def problems(self):
        """Returns what may spoil a training, one line each."""
        lines = self.lines_of_broken()
        for photo, one in zip(self.photos, self.descriptions, strict=True):
            if not one.is_named_so:
                lines.append(f"{self.name(photo)}: is {one.format} by its content")
            if one.is_marked_badly:
                lines.append(f"{self.name(photo)}: has no orientation mark that can be read")
        contradictions = self.contradictions()
        for group in duplicates.exact(self.descriptions):
            if group not in contradictions:
                lines.append(f"the same photo: {self._names(group)}")
        lines += self.lines_of_contradictions()
        try:
            sides, unsplit = self.sides(), []
        except DataError as error:
            sides, unsplit = {}, [f"cannot be split: {error}"]
        lines += [self._line_of_alike(pair, sides) for pair in self.alike()]
        return lines + self._about_counts() + unsplit

    def _line_of_alike(self, pair, sides):
        names, places = map(self.name, pair), [sides.get(photo) for photo in pair]
        if None in places or len(set(places)) == 1:
            return f"look the same: {', '.join(names)}"
        both = (f"{name} ({place})" for name, place in zip(names, places, strict=True))
        return f"look the same, on two sides: {', '.join(both)}"

    def _about_counts(self):
        counts = [(name, good) for name, good, _ in self.counts()]
        lines = [f"class {name}: only {good} photos" for name, good in counts if good < FEW]
        least, most = min(good for _, good in counts), max(good for _, good in counts)
        if most > IMBALANCE * least:
            lines.append(f"the largest class has {most} photos, the smallest {least}")
        return lines

    def _photos(self, indices):
        return [self.photos[index] for index in indices]

    def _names(self, indices):
        return ", ".join(map(self.name, self._photos(indices)))


def check_photos(source: str | os.PathLike, group_by: str | None = None) -> PhotoCheck:
    """Reads every photo of a folder or a table.

    Args:
        source: As for `regard.datasets.photo_listing.list_photos`.
        group_by: As for `regard.datasets.photo_groups.with_groups`.

    Returns:
        A `PhotoCheck`, whose images are small and grey; no file is changed.

    Raises:
        UsageError: As for `list_photos`.
        DataError: As for `list_photos`.
    """
    return read_photos(list_photos(Path(source), group_by), duplicates.THUMBNAIL)


def read_photos(listed: PhotoSource, shape: tuple[int, int, int]) -> PhotoCheck:
    """Reads every photo once, on all cores.

    Args:
        listed: The photos.
        shape: Rows, columns and channels of the images to make of them.

    Raises:
        DataError: As for `regard.datasets.image_store.room_for`.
    """
    photos = listed.photos
    images = room_for(len(photos), shape)

    def read(row):
        """Returns the description of a photo, or the reason why there is none."""
        path = photos[row].path
        try:
            images[row], description = read_described(path, shape[:2], shape[2])
        except DataError as error:
            return str(error).removeprefix(f"{path}: ").split(". Known: ")[0].rstrip(".")
        return description

    looked = on_all_cores(read, range(len(photos)))
    is_good = [not isinstance(one, str) for one in looked]
    rows = np.flatnonzero(is_good)
    return PhotoCheck(
        folder=listed.folder,
        class_names=listed.class_names,
        photos=[photos[row] for row in rows],
        descriptions=[looked[row] for row in rows],
        images=images,
        rows=rows,
        broken=[(photos[row], looked[row]) for row in np.flatnonzero(np.logical_not(is_good))],
        ignored=listed.ignored,
    )


def _counted(values):
    return ", ".join(f"{count} {value}" for value, count in Counter(values).most_common())

"""Looks at every photo of a folder before any training."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from regard.datasets import duplicates
from regard.datasets.photo_folder import Photo, find_photos
from regard.datasets.picture import Description, describe
from regard.errors import DataError

FEW = 10  # photos of a class, below which a split says little
IMBALANCE = 10  # times as many photos in the largest class as in the smallest


@dataclass(frozen=True)
class PhotoCheck:
    """What was found in a folder of photos.

    Attributes:
        folder: The folder.
        class_names: In natural order.
        photos: The photos that can be read, class by class.
        descriptions: What each of them is.
        broken: Photos that cannot be read, each with the reason.
        ignored: Files and folders that are no photos, each with the reason.
    """

    folder: Path
    class_names: tuple[str, ...]
    photos: list[Photo]
    descriptions: list[Description]
    broken: list[tuple[Path, str]]
    ignored: list[tuple[Path, str]]

    def counts(self):
        """Returns how many photos of each class can be read, and how many there are."""
        good = Counter(photo.label for photo in self.photos)
        bad = Counter(self._label_of(path) for path, _ in self.broken)
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

    def alike(self):
        """Returns pairs of paths of photos that look the same."""
        return [self._paths(pair) for pair in duplicates.near(self.descriptions)]

    def lines_of_broken(self):
        """Returns a line for each photo that cannot be read, with the reason."""
        return [f"{self._name(path)}: {reason}" for path, reason in self.broken]

    def contradictions(self):
        """Returns groups of indices of photos with the same bytes in different classes."""
        groups = duplicates.exact(self.descriptions)
        return [g for g in groups if len({self.photos[index].label for index in g}) > 1]

    def lines_of_contradictions(self):
        """Returns a line for each such group."""
        groups = map(self._paths, self.contradictions())
        return [f"the same photo in two classes: {', '.join(map(self._name, g))}" for g in groups]

    def problems(self):
        """Returns what may spoil a training, one line each."""
        lines = self.lines_of_broken()
        for photo, one in zip(self.photos, self.descriptions, strict=True):
            if not one.is_named_so:
                lines.append(f"{self._name(photo.path)}: is {one.format} by its content")
        contradictions = self.contradictions()
        for group in duplicates.exact(self.descriptions):
            if group not in contradictions:
                names = ", ".join(map(self._name, self._paths(group)))
                lines.append(f"the same photo: {names}")
        lines += self.lines_of_contradictions()
        for first, second in self.alike():
            lines.append(f"look the same: {self._name(first)}, {self._name(second)}")
        return lines + self._about_counts()

    def _about_counts(self):
        counts = [(name, good) for name, good, _ in self.counts()]
        lines = [f"class {name}: only {good} photos" for name, good in counts if good < FEW]
        least, most = min(good for _, good in counts), max(good for _, good in counts)
        if most > IMBALANCE * least:
            lines.append(f"the largest class has {most} photos, the smallest {least}")
        return lines

    def _paths(self, indices):
        return [self.photos[index].path for index in indices]

    def _name(self, path):
        return str(path.relative_to(self.folder))

    def _label_of(self, path):
        return self.class_names.index(path.relative_to(self.folder).parts[0])


def check_photos(folder: str | os.PathLike) -> PhotoCheck:
    """Reads every photo of a folder that holds one folder for each class.

    Args:
        folder: As for `regard.datasets.photo_folder.find_photos`.

    Returns:
        A `PhotoCheck`; no file is changed.

    Raises:
        DataError: If the folder cannot be read or has fewer than two classes.
    """
    folder = Path(folder)
    found = find_photos(folder)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looked = list(pool.map(_looked_at, found.photos))
    good = [(p, d) for p, d in zip(found.photos, looked, strict=True) if not isinstance(d, str)]
    bad = [(p.path, d) for p, d in zip(found.photos, looked, strict=True) if isinstance(d, str)]
    photos, descriptions = [list(part) for part in zip(*good, strict=True)] or ([], [])
    return PhotoCheck(folder, found.class_names, photos, descriptions, bad, found.ignored)


def _looked_at(photo):
    """Returns the description of a photo, or the reason why there is none."""
    try:
        return describe(photo.path)
    except DataError as error:
        return str(error).removeprefix(f"{photo.path}: ").split(". Known: ")[0].rstrip(".")


def _counted(values):
    return ", ".join(f"{count} {value}" for value, count in Counter(values).most_common())

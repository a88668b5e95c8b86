"""What a data set is: images, labels, class names and where they come from."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Split:
    """Images with their labels.

    Attributes:
        images: Array `(images, rows, columns)` for grey or `(images, rows, columns, 3)` for
            colour, uint8, 0…255.
        labels: Array `(images,)`, int64, each an index into the class names.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Provenance:
    """Where a data set comes from.

    Attributes:
        source: Folder or address that the files were read from.
        sha256: SHA-256 of each file's content (unpacked), by file name.
        notice: What a reader must know before believing a result, such as that this is a
            sample; empty where there is nothing to say.
    """

    source: str
    sha256: dict[str, str] = field(default_factory=dict)
    notice: str = ""


@dataclass(frozen=True)
class Dataset:
    """Images to train on and images to test on, with names for the classes.

    Attributes:
        name: Name of the data set.
        train: Images to train on; where `validation` is None a part is split off these for it.
        test: Images that are looked at once, at the end.
        class_names: A name for each label, in order.
        provenance: Where the images come from.
        validation: Images to choose the epoch by, or None.
    """

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    provenance: Provenance
    validation: Split | None = None

"""The four files of Fashion-MNIST: how they are found in a folder and recognised."""

import contextlib
from pathlib import Path

import numpy as np

from regard.datasets import idx
from regard.datasets.dataset import Dataset, Provenance, Split
from regard.errors import DataError

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
# SHA-256 of what the files hold, unpacked; the mirrors' are of the packed files.
WHOLE_SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
SAMPLE_SHA256 = {
    "train-images-idx3-ubyte": "8b8a50a48f4ccd493af745defd2bbf16f31a192ce6123532e939992e3d9d866c",
    "train-labels-idx1-ubyte": "2c799f4d84c1cae093131c26fea2aa2b732dd84aabe8cb162696b9d8df0ea096",
    "t10k-images-idx3-ubyte": "42b664e4dda99c2553186f4f2eb379079261699be51542930971301d09766084",
    "t10k-labels-idx1-ubyte": "444a8c31e4724fd4cd20e3d0e75689c4e9c073ac6341ed580fd20a3166aa7bee",
}
MIRROR_SHA256 = {
    "train-images-idx3-ubyte": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
NOTICE = (
    "This is the sample of 6,000 + 1,000 images of Fashion-MNIST; for the whole 60,000 + 10,000, "
    "connect to the internet, or `apt install dataset-fashion-mnist`, or put the four files in a "
    "folder and set REGARD_DATA."
)


def find(folder: Path, name: str) -> Path | None:
    """Returns the file of that name, with `.gz` or without, or None."""
    for path in (folder / f"{name}.gz", folder / name):
        with contextlib.suppress(OSError):
            if path.is_file():
                return path
    return None


def missing(folder: Path) -> list[str]:
    """Returns the names of those of the four files that a folder lacks."""
    return [name for name in WHOLE_SHA256 if find(folder, name) is None]


def read(folder: Path, whole: bool = True, sample: bool = True) -> Dataset:
    """Reads the four files and checks that they are what they should be.

    Args:
        folder: Where the files are.
        whole: Whether the files of the whole set are accepted.
        sample: Whether the files of the sample are accepted.

    Returns:
        The whole set, or the sample with its notice.

    Raises:
        DataError: A file is missing, damaged or altered.
    """
    paths = {name: path for name in WHOLE_SHA256 if (path := find(folder, name))}
    if lacking := [name for name in WHOLE_SHA256 if name not in paths]:
        raise DataError(
            f"{folder} lacks {', '.join(lacking)} (with or without .gz). Put the four files of "
            "Fashion-MNIST there, or name no folder (REGARD_DATA neither)."
        )
    arrays, sha256 = {}, {}
    for name, path in paths.items():
        arrays[name], sha256[name] = idx.read(path)
    _verify(paths, sha256, [WHOLE_SHA256] * whole + [SAMPLE_SHA256] * sample)
    is_sample = sha256 == SAMPLE_SHA256
    return Dataset(
        name="fashion-mnist-sample" if is_sample else "fashion-mnist",
        train=_split(arrays, "train"),
        test=_split(arrays, "t10k"),
        class_names=CLASS_NAMES,
        provenance=Provenance(str(folder), sha256, NOTICE if is_sample else ""),
    )


def _verify(paths, sha256, accepted):
    if sha256 in accepted:
        return
    for name, path in paths.items():
        if all(sha256[name] != known[name] for known in accepted):
            raise DataError(
                f"{path}: not Fashion-MNIST's {name} (SHA-256 {sha256[name]}). Delete it and get "
                "it again: by download, or with `apt install --reinstall dataset-fashion-mnist`."
            )
    folder = next(iter(paths.values())).parent
    raise DataError(f"{folder}: some files are of the whole set, some of the sample. Keep either.")


def _split(arrays, part):
    labels = arrays[f"{part}-labels-idx1-ubyte"].astype(np.int64)
    return Split(arrays[f"{part}-images-idx3-ubyte"], labels)

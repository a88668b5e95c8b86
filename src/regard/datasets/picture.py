"""Reads pictures from files into the form of a data set's images."""

import io
import os
import re
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from regard.datasets.picture_file import (
    ON_THEIR_SIDE,
    ORIENTATION,
    Description,
    description,
    header_of,
)
from regard.errors import DataError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"})
MAX_BYTES = 50_000_000
MAX_PIXELS = 50_000_000
_MODES = {1: "L", 3: "RGB"}
_GAP = 3  # times the size wanted, down to which a picture is made smaller by plain averages


def read_picture(
    path: str | os.PathLike, size: tuple[int, int] = (28, 28), channels: int = 1
) -> np.ndarray:
    """Reads a picture, upright, on white where it is transparent, and resizes it.

    Args:
        path: PNG, JPEG, BMP, GIF, WebP or TIFF, told by content, of at most 50 MB and 50
            million pixels. Of several frames the first is read.
        size: Rows and columns wanted; the picture is stretched to them.
        channels: 1 for grey, 3 for colour.

    Returns:
        uint8, 0…255, `(rows, columns, channels)`.

    Raises:
        DataError: The file is missing, too large, broken or no picture.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp(), "red.png")
        >>> Image.new("RGB", (40, 30), "red").save(path)
        >>> read_picture(path, size=(2, 1), channels=3).tolist()
        [[[255, 0, 0]], [[255, 0, 0]]]
    """
    _, image, _, _ = _read(Path(path), _MODES[channels], max(size))
    return _stretched(image, size)


def read_described(
    path: str | os.PathLike, size: tuple[int, int], channels: int
) -> tuple[np.ndarray, Description]:
    """Reads a picture as `read_picture` does, and tells what its file is; the file is read once.

    Args:
        path: As for `read_picture`.
        size: As for `read_picture`.
        channels: As for `read_picture`.

    Returns:
        What `read_picture` returns, and the description.

    Raises:
        DataError: As for `read_picture`.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp(), "red.png")
        >>> Image.new("RGB", (40, 30), "red").save(path)
        >>> pixels, found = read_described(path, (2, 1), 3)
        >>> found.format, found.mode, found.rows, found.columns
        ('PNG', 'RGB', 30, 40)
    """
    path = Path(path)
    content, image, header, whole = _read(path, _MODES[channels], max(size))
    return _stretched(image, size), description(path, content, header, whole)


def read_original(path: str | os.PathLike, longest: int = 1024) -> np.ndarray:
    """Reads a picture as a viewer shows it: upright, in its own proportions.

    Args:
        path: As for `read_picture`.
        longest: Pixels of the longer side; a larger picture is made smaller.

    Returns:
        uint8, 0…255, `(rows, columns, 3)`.

    Raises:
        DataError: As for `read_picture`.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp(), "red.png")
        >>> Image.new("RGB", (40, 30), "red").save(path)
        >>> read_original(path, longest=20).shape
        (15, 20, 3)
    """
    from PIL import Image

    _, image, _, _ = _read(Path(path), "RGB")
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return np.asarray(image).copy()


def read_header(path: str | os.PathLike) -> tuple[int, int, str] | None:
    """Returns rows and columns as they are stored, and Pillow's mode; None of what is no picture.

    Args:
        path: As for `read_picture`.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp(), "red.png")
        >>> Image.new("RGB", (40, 30), "red").save(path)
        >>> read_header(path)
        (30, 40, 'RGB')
    """
    from PIL import Image

    path = Path(path)
    try:
        _check(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as opened:
                return opened.height, opened.width, opened.mode
    except Exception:  # decoders raise nearly anything on broken files
        return None


def _read(path, mode, side=None):
    """Returns the bytes of a file, and what `_decode` returns of them."""
    _check(path)
    try:
        content = path.read_bytes()
        return content, *_decode(_Content(path, content), mode, side)
    except DataError:
        raise
    except Exception as error:  # decoders raise nearly anything on broken files
        raise DataError(
            f"{path}: not a picture that can be read ({error}). Known: {', '.join(FORMATS)}."
        ) from error


def _check(path):
    if not path.is_file():
        raise DataError(f"{path}: {_why_no_file(path)}.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DataError(f"{path}: larger than {MAX_BYTES:,} bytes.")
    if not size:
        raise DataError(f"{path}: empty, 0 bytes.")


def _why_no_file(path):
    if path.is_symlink():
        return "a link that leads to no file"
    if path.exists() and not path.is_dir():
        return "neither a file nor a link to one"
    return "there is no such file"


def find_pictures(paths: Iterable[str | os.PathLike]) -> list[Path]:
    """Expands folders into the pictures that lie directly in them.

    Args:
        paths: Files, taken as they are, and folders, whose files with a picture's suffix are
            taken in natural order (`2.png` before `10.png`), hidden ones left out.

    Returns:
        The files, in the order of `paths`.

    Raises:
        DataError: A folder has no pictures or cannot be read.

    Example:
        >>> find_pictures(["a.png"])[0].name
        'a.png'
    """
    found = []
    for path in map(Path, paths):
        found += _in_folder(path) if path.is_dir() else [path]
    return found


def _in_folder(folder):
    try:
        inside = [p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}).") from error
    visible = [path for path in inside if not path.name.startswith(".")]
    if not visible:
        raise DataError(f"{folder}: no pictures ({', '.join(sorted(SUFFIXES))}) in this folder.")
    return sorted(visible, key=natural)


def natural(path: Path):
    """Returns a key to sort paths by name, in which `2.png` comes before `10.png`."""
    return natural_name(path.name)


def natural_name(name: str):
    """Returns a key to sort names, in which `class 2` comes before `class 10`.

    Example:
        >>> sorted(["class 10", "class 2"], key=natural_name)
        ['class 2', 'class 10']
    """
    pieces = re.split(r"([0-9]+)", name.casefold())
    return [int(p) if p.isdecimal() and p.isascii() else p for p in pieces], name


class _Content(io.BytesIO):
    """The bytes of a file, which decoders call by its path in what they raise."""

    def __init__(self, path, content):
        super().__init__(content)
        self.path = path

    def __repr__(self):
        return repr(str(self.path))


def _decode(content, mode, side):
    """Returns a picture upright, its header, and the columns and rows that a viewer shows.

    With `side` a JPEG photo may come smaller than that, yet `_GAP` times as large as `side`.
    """
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(content, formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise DataError(f"{content.path}: more than {MAX_PIXELS:,} pixels.")
            if opened.mode in ("I", "F"):
                raise DataError(f"{content.path}: 32 bits a pixel; save it with 8 or 16.")
            header = header_of(opened)
            if side:
                _decode_smaller(opened, side * _GAP)
            opened.load()
            size = header.size
            if opened.getexif().get(ORIENTATION) in ON_THEIR_SIDE:
                size = size[::-1]
            ImageOps.exif_transpose(opened, in_place=True)
            return _flatten(opened, mode), header, size


def _decode_smaller(opened, side):
    """Has a JPEG photo decoded at an eighth, a quarter or half, if no side gets below `side`."""
    columns, rows = opened.size
    for part in (8, 4, 2):
        if not columns % part and not rows % part and min(columns, rows) >= part * side:
            opened.draft(None, (columns // part, rows // part))
            return


def _flatten(image, mode):
    from PIL import Image

    if image.mode.startswith("I;16"):  # Pillow would clip at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == mode else image.convert(mode)


def _stretched(image, size):
    from PIL import Image

    rows, columns = size
    if image.size != (columns, rows):
        image = image.resize((columns, rows), Image.Resampling.LANCZOS, reducing_gap=_GAP)
    return np.asarray(image).reshape(rows, columns, -1).copy()

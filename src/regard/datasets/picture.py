"""Reads pictures from files into the form of a data set's images."""

import hashlib
import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.errors import DataError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"})
MAX_BYTES = 50_000_000
MAX_PIXELS = 50_000_000
_SUFFIXES_OF = {"JPEG": {".jpg", ".jpeg"}, "TIFF": {".tif", ".tiff"}}


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
    from PIL import Image

    rows, columns = size
    image = _checked(Path(path), "L" if channels == 1 else "RGB")
    if image.size != (columns, rows):
        image = image.resize((columns, rows), Image.Resampling.LANCZOS)
    return np.asarray(image).reshape(rows, columns, -1).copy()


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

    image = _checked(Path(path), "RGB")
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return np.asarray(image).copy()


@dataclass(frozen=True)
class Description:
    """What a picture file is.

    Attributes:
        format: Of its content, such as `"JPEG"`.
        mode: Pillow's name of its kind of pixels, such as `"RGB"`, `"L"` or `"CMYK"`.
        rows: Rows as a viewer shows it.
        columns: Columns likewise.
        is_named_so: Whether its suffix is one of its format.
        is_turned: Whether it has an orientation mark that turns or mirrors it.
        is_marked_badly: Whether its EXIF data are broken or its orientation mark is unknown, so
            that it is read as it is stored.
        sha256: Of the file's bytes, hexadecimal.
        thumbnail: The picture in 16 x 16 grey pixels, 256 bytes, row by row.
    """

    format: str
    mode: str
    rows: int
    columns: int
    is_named_so: bool
    is_turned: bool
    is_marked_badly: bool
    sha256: str
    thumbnail: bytes


def describe(path: str | os.PathLike) -> Description:
    """Reads a picture whole, as `read_picture` does, and tells what it is.

    Args:
        path: As for `read_picture`.

    Raises:
        DataError: As for `read_picture`.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp(), "red.png")
        >>> Image.new("RGB", (40, 30), "red").save(path)
        >>> found = describe(path)
        >>> found.format, found.mode, found.rows, found.columns
        ('PNG', 'RGB', 30, 40)
    """
    from PIL import Image

    path = Path(path)
    image = _checked(path, "L")
    with warnings.catch_warnings(), Image.open(path, formats=FORMATS) as opened:
        warnings.simplefilter("ignore")
        kind, mode = opened.format, opened.mode
        mark = opened.getexif().get(0x0112, 1)
        is_broken = _has_broken_exif(opened)
    suffixes = _SUFFIXES_OF.get(kind, {f".{kind.lower()}"})
    return Description(
        format=kind,
        mode=mode,
        rows=image.height,
        columns=image.width,
        is_named_so=path.suffix.lower() in suffixes,
        is_turned=mark in range(2, 9),
        is_marked_badly=is_broken or mark not in range(9),  # 0 is said by cameras that do not know
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        thumbnail=image.resize((16, 16), Image.Resampling.LANCZOS).tobytes(),
    )


def _has_broken_exif(opened):
    """Whether there are EXIF data that have no header, or of whose tags none can be read."""
    data = re.sub(rb"^(Exif\0\0){1,2}", b"", opened.info.get("exif", b""))
    if not data:
        return False
    has_header = data[:4] in (b"II*\0", b"MM\0*")
    return not has_header or (not opened.getexif() and data[8:10] != b"\0\0")


def _checked(path, mode):
    if not path.is_file():
        raise DataError(f"{path}: {_why_no_file(path)}.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DataError(f"{path}: larger than {MAX_BYTES:,} bytes.")
    if not size:
        raise DataError(f"{path}: empty, 0 bytes.")
    try:
        return _decode(path, mode)
    except DataError:
        raise
    except Exception as error:  # decoders raise nearly anything on broken files
        raise DataError(
            f"{path}: not a picture that can be read ({error}). Known: {', '.join(FORMATS)}."
        ) from error


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


def _decode(path, mode):
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path, formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise DataError(f"{path}: more than {MAX_PIXELS:,} pixels.")
            if opened.mode in ("I", "F"):
                raise DataError(f"{path}: 32 bits a pixel; save it with 8 or 16.")
            return _flatten(ImageOps.exif_transpose(opened), mode)


def _flatten(image, mode):
    from PIL import Image

    if image.mode.startswith("I;16"):  # Pillow would clip at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)

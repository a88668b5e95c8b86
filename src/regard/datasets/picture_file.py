"""What a picture file is, told by its header and its bytes."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ORIENTATION = 0x0112
ON_THEIR_SIDE = (5, 6, 7, 8)  # orientation marks of pictures whose rows are stored as columns
_TURNED = range(2, 9)
_KNOWN = range(9)  # 0 is said by cameras that do not know
_OF_PHONES = {"MPO": "JPEG"}  # a JPEG picture with others after it
_SUFFIXES_OF = {"JPEG": {".jpg", ".jpeg"}, "TIFF": {".tif", ".tiff"}}


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
    """

    format: str
    mode: str
    rows: int
    columns: int
    is_named_so: bool
    is_turned: bool
    is_marked_badly: bool
    sha256: str


class Header(NamedTuple):
    """What the header of a picture says.

    Attributes:
        format: As in a `Description`.
        mode: As in a `Description`.
        size: Columns and rows, as stored but for TIFF, as a viewer shows them there.
        mark: The orientation mark; 1 where there is none.
        is_broken: Whether there are EXIF data and none of them can be read.
    """

    format: str
    mode: str
    size: tuple[int, int]
    mark: object
    is_broken: bool


def header_of(opened) -> Header:
    """Returns the header of a `PIL.Image.Image` that is opened and not yet decoded."""
    return Header(
        format=_OF_PHONES.get(opened.format, opened.format),
        mode=opened.mode,
        size=opened.size,
        mark=opened.getexif().get(ORIENTATION, 1),
        is_broken=_has_broken_exif(opened),
    )


def description(path: Path, content: bytes, header: Header, size: tuple[int, int]) -> Description:
    """Returns what a picture file is.

    Args:
        path: The file.
        content: Its bytes.
        header: Its header.
        size: Columns and rows as a viewer shows it.
    """
    suffixes = _SUFFIXES_OF.get(header.format, {f".{header.format.lower()}"})
    return Description(
        format=header.format,
        mode=header.mode,
        rows=size[1],
        columns=size[0],
        is_named_so=path.suffix.lower() in suffixes,
        is_turned=header.mark in _TURNED,
        is_marked_badly=header.is_broken or header.mark not in _KNOWN,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _has_broken_exif(opened):
    """Whether there are EXIF data that have no header, or of whose tags none can be read."""
    data = re.sub(rb"^(Exif\0\0){1,2}", b"", opened.info.get("exif", b""))
    if not data:
        return False
    has_header = data[:4] in (b"II*\0", b"MM\0*")
    return not has_header or (not opened.getexif() and data[8:10] != b"\0\0")

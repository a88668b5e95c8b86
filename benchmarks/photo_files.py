"""Generated photos, and files that are none, for `photos.py`.

A class is a texture: smooth noise in bands, in columns, in large or in small spots. A photo with an
orientation mark is stored so that it has its class's texture only once it is turned upright.
"""

import contextlib
import os
import socket
import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

GRIDS = {"bands": (12, 2), "columns": (2, 12), "large spots": (3, 3), "small spots": (14, 14)}
STEMS = (
    "photo",
    "żółw",
    "my photo",
    "猫の写真",
    "été (1)",
    "a.b.c",
    "it's",
    "100 %",
    "Ünï-çødé",
    "IMG",
)
# How a viewer turns a picture with each mark, and how it was stored so that this makes it upright.
_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
_ORIENTATION = 0x0112
_PNG = b"\x89PNG\r\n\x1a\n"
_HUGE = 30_000  # pixels a side


def texture(rng, class_name, size):
    """Returns a photo of a class as a colour image of `(columns, rows)`."""
    grid = rng.integers(0, 256, (*GRIDS[class_name], 3), np.uint8)
    return Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)


def _sixteen_bits(image):
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def _with_alpha(image):
    image = image.convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def _animated(image, file, **options):
    others = [image.transpose(Image.Transpose.ROTATE_180)]
    image.save(file, save_all=True, append_images=others, **options)


def _plain(image, file, **options):
    image.save(file, **options)


def _converted(mode):
    return lambda image: image.convert(mode)


# Suffix, pixels, and how it is written; GIF and BMP have no orientation marks.
KINDS = {
    "JPEG": (".jpg", _converted("RGB"), _plain),
    "JPEG, capital suffix": (".JPEG", _converted("RGB"), _plain),
    "JPEG, grey": (".jpg", _converted("L"), _plain),
    "JPEG, CMYK": (".jpg", _converted("CMYK"), _plain),
    "PNG": (".png", _converted("RGB"), _plain),
    "PNG, 16 bits": (".png", _sixteen_bits, _plain),
    "PNG, grey": (".png", _converted("L"), _plain),
    "PNG, palette": (".png", _converted("P"), _plain),
    "PNG, alpha": (".png", _with_alpha, _plain),
    "PNG, grey and alpha": (".png", lambda image: _with_alpha(image).convert("LA"), _plain),
    "GIF, animated": (".gif", _converted("P"), _animated),
    "WebP": (".webp", _converted("RGB"), _plain),
    "WebP, alpha": (".webp", _with_alpha, _plain),
    "TIFF": (".tif", _converted("RGB"), _plain),
    "TIFF, 16 bits": (".tiff", _sixteen_bits, _plain),
    "BMP": (".bmp", _converted("RGB"), _plain),
}


def make_messy_photos(folder, count, seed=0):
    """Writes photos of all kinds, evenly into the classes; returns how many."""
    rng = np.random.default_rng(seed)
    classes, kinds = list(GRIDS), list(KINDS.values())
    for class_name in classes:
        (folder / class_name).mkdir(parents=True)
    for number in range(count):
        class_name = classes[number % len(classes)]
        suffix, convert, write = kinds[number // len(classes) % len(kinds)]
        columns, rows = (int(side) for side in rng.integers(40, 401, 2))
        image = texture(rng, class_name, (columns, rows))
        mark = int(rng.integers(1, 9)) if suffix not in (".gif", ".bmp") else 1
        stored = image if _STORED[mark] is None else image.transpose(_STORED[mark])
        name = f"{STEMS[number % len(STEMS)]} {number}{suffix}"
        write(convert(stored), folder / class_name / name, **_marked(mark))
    return count


def _marked(mark):
    if mark == 1:
        return {}
    exif = Image.Exif()
    exif[_ORIENTATION] = mark
    return {"exif": exif}


def make_many_photos(folder, count, size=(160, 120), seed=0):
    """Writes small JPEG photos, evenly into the classes: few textures under ever other noise."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(-20, 21, (size[1] * 2, size[0] * 2, 3), np.int16)
    bases = {
        name: [np.asarray(texture(rng, name, size), np.int16) for _ in range(8)] for name in GRIDS
    }
    for class_name in bases:
        (folder / class_name).mkdir(parents=True)
    for number in range(count):
        class_name = list(bases)[number % len(bases)]
        top, left = rng.integers(size[1]), rng.integers(size[0])
        pixels = bases[class_name][rng.integers(8)]
        pixels = pixels + noise[top : top + size[1], left : left + size[0]]
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        image.save(folder / class_name / f"{number}.jpg", quality=85)


def make_hostile_files(folder, outside, seed=1):
    """Writes files that are no photos, or not what they are called, into the class folders.

    Args:
        folder: The folder of class folders.
        outside: An empty folder for what links lead to.
        seed: Of the random bytes and textures.

    Returns:
        Their paths.
    """
    rng = np.random.default_rng(seed)
    contents = _truncated(rng) | _not_pictures() | _bombs() | _misnamed(rng) | _damaged(rng)
    made = []
    for number, (name, content) in enumerate(contents.items()):
        path = folder / list(GRIDS)[number % len(GRIDS)] / name
        path.write_bytes(content)
        made.append(path)
    return made + _not_files(folder / "bands", outside, rng)


def _saved(rng, kind, size=(200, 150), **options):
    """Returns the bytes of a good picture of one of Pillow's formats."""
    stream = BytesIO()
    texture(rng, "large spots", size).save(stream, kind, **options)
    return stream.getvalue()


def _truncated(rng):
    kinds = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
    whole = {f"picture.{kind.lower()}": _saved(rng, kind) for kind in kinds}
    whole["progressive.jpeg"] = _saved(rng, "JPEG", progressive=True)
    halves = {f"half {name}": content[: len(content) // 2] for name, content in whole.items()}
    heads = {f"head of {name}": content[:24] for name, content in whole.items()}
    noise = {f"no {name}": content[:12] + rng.bytes(5_000) for name, content in whole.items()}
    return halves | heads | noise


def _not_pictures():
    page = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
    return {
        "empty.jpg": b"",
        "empty.png": b"",
        "page.jpg": page,
        "page.webp": page,
        "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "document.jpg": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        "telephone.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
        "postscript.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "pixmap.jpg": b"P6\n2 2\n255\n" + bytes(12),
        "notes.txt": b"shot on a Sunday",
        "download.jpg.part": b"\xff\xd8\xff\xe0",
        ".DS_Store": b"\0\0\0\1Bud1",
        "._1.jpg": b"\0\5\x16\7",
        "Thumbs.db": b"\xd0\xcf\x11\xe0",
        os.fsdecode(b"latin 1 \xe9.jpg"): b"no picture",
        "two\nlines.jpg": b"no picture",
        "\x1b[31mred.jpg": b"no picture",
    }


def _bombs():
    """Pictures that are huge, or say so."""
    header = struct.pack(">IIBBBBB", _HUGE, _HUGE, 1, 0, 0, 0, 0)
    rows = bytes(_HUGE * (1 + _HUGE // 8))
    bomb = _PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 1))
    below = struct.pack(">IIBBBBB", 7_000, 7_000, 8, 6, 0, 0, 0)
    text = b"Comment\0\0" + zlib.compress(bytes(100_000_000), 1)
    small = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    end = _chunk(b"IDAT", zlib.compress(bytes(2))) + _chunk(b"IEND", b"")
    return {
        "bomb.png": bomb + _chunk(b"IEND", b""),
        "claim below the limit.png": _PNG + _chunk(b"IHDR", below) + _chunk(b"IDAT", b""),
        "text bomb.png": _PNG + _chunk(b"IHDR", small) + _chunk(b"zTXt", text) + end,
        "claim.gif": b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b"\x3b",
        "claim.bmp": b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, 2**31 - 1, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0),
        "claim.jpg": b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xdc\xff\xdc\1\1\x11\0\xff\xd9",
    }


def _chunk(name, content):
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def _misnamed(rng):
    """Good pictures under another format's suffix: to be used, and told."""
    return {
        "png.jpg": _saved(rng, "PNG"),
        "jpeg.png": _saved(rng, "JPEG"),
        "gif.webp": _saved(rng, "GIF"),
        "bmp.jpeg": _saved(rng, "BMP"),
        "tiff.gif": _saved(rng, "TIFF"),
    }


def _damaged(rng):
    """Whole pictures with something wrong inside, and one of 32 bits."""
    exif = b"Exif\0\0" + rng.bytes(60)
    pixels = _saved(rng, "PNG")
    middle = len(pixels) // 2
    stream = BytesIO()
    Image.fromarray(rng.random((50, 50), np.float32)).save(stream, "TIFF")
    return {
        "corrupt exif.jpg": _saved(rng, "JPEG", exif=exif),
        "corrupt pixels.png": pixels[:middle] + rng.bytes(20) + pixels[middle + 20 :],
        "32 bits.tif": stream.getvalue(),
    }


def _not_files(folder, outside, rng):
    """Links, folders, a pipe, a socket, and files too large, which take no place on the disk."""
    outside.mkdir()
    (outside / "secret.txt").write_text("not for training")
    (outside / "photo.jpg").write_bytes(_saved(rng, "JPEG"))
    links = {
        "link to a text.jpg": outside / "secret.txt",
        "link to nothing.jpg": outside / "nothing",
        "link to itself.jpg": folder / "link to itself.jpg",
        "link to a folder": outside,
        "link up": folder.parent,
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    (folder / "folder.jpg").mkdir()
    (folder / "folder.jpg" / "readme.md").touch()
    os.mkfifo(folder / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(folder):
        server.bind("socket.jpg")  # the whole path may be too long
    for name, size in (("large.jpg", 60_000_000), ("gigantic.png", 100_000_000_000)):
        with (folder / name).open("wb") as file:
            file.truncate(size)
    names = (*links, "folder.jpg", "pipe.jpg", "socket.jpg", "large.jpg", "gigantic.png")
    return [folder / name for name in names]

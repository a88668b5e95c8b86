"""Writing files whole or not at all and never over another, and reading them within a bound."""

import errno
import os
import re
import stat
from contextlib import contextmanager, suppress
from pathlib import Path

from regard.errors import DataError, RegardError, UsageError

_LEFT_BEHIND = re.compile(r"\.\d+-.+\.\w+")
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def whole_file(path: Path):
    """Gives a temporary path to write to, which becomes `path` only when all went well.

    Args:
        path: The file to make; its folder must exist.

    Yields:
        A path in the same folder with the same suffix.

    Raises:
        RegardError: If the disk is full; nothing is left behind then.
    """
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        with full_disk_told(path):
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
            _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def remove_left_behind(folder: Path) -> None:
    """Removes what `whole_file` leaves in a folder if the process is killed.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), ".123-report.html")
        >>> file.touch()
        >>> remove_left_behind(file.parent)
        >>> file.exists()
        False
    """
    for file in folder.iterdir():
        if _LEFT_BEHIND.fullmatch(file.name):
            file.unlink(missing_ok=True)


@contextmanager
def alone_in(folder: Path, kind: str):
    """Keeps other processes from working in a folder, until the block or this process ends.

    Args:
        folder: The folder; the file `.lock` is in it meanwhile.
        kind: What it is, for messages.

    Raises:
        UsageError: If another process works in it.
    """
    from filelock import FileLock, Timeout

    file = folder / ".lock"
    lock = FileLock(file)
    try:
        with full_disk_told(file):
            lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(
            f"Another process works on the {kind} {folder}. Wait for its end, or stop it."
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):  # Windows takes away no open file
            file.unlink()
        lock.release()


@contextmanager
def full_disk_told(path: Path):
    """Turns the error of a full disk into a `RegardError` that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise RegardError(
            f"The disk is full: {path} was not written. Free some space and try again."
        ) from error


def write_text(path: Path, text: str) -> None:
    """Writes a text file whole, UTF-8; raises `RegardError` if the disk is full."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_bounded(path: Path, limit: int) -> bytes:
    """Reads a file whole, if it is a plain file of at most `limit` bytes.

    Raises:
        DataError: If it is missing, larger, or a pipe, a device or a folder.

    Example:
        >>> len(read_bounded(Path(__file__), 100_000)) > 100
        True
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _AT_ONCE)
        try:
            return _content(descriptor, path, limit)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None


def _content(descriptor, path, limit):
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"{path} is no plain file.")
    if found.st_size <= limit:
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(limit + 1)
        if len(content) <= limit:
            return content
    raise DataError(f"{path} is larger than {limit:,} bytes, the most that is read.")


def unused(path: Path) -> Path:
    """Returns `path`, or the first of `name-2`, `name-3`, … that does not exist.

    Example:
        >>> unused(Path("no-such-folder/maps.png")).name
        'maps.png'
    """
    candidate, count = path, 1
    while candidate.exists():
        count += 1
        candidate = path.with_name(f"{path.stem}-{count}{path.suffix}")
    return candidate


def new_folder(root: Path, default_name: str, name: str | None, kind: str) -> Path:
    """Makes an empty folder, by the name asked for or by a default that counts up.

    Args:
        root: The folder around it; made if it does not exist.
        default_name: Name where none was asked for.
        name: The name asked for, or None.
        kind: What it is, for messages.

    Raises:
        UsageError: If `name` is in use or is not a plain name, or if `root` cannot hold folders.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> [new_folder(root, "mnist", None, "run").name for _ in range(2)]
        ['mnist', 'mnist-2']
    """
    if name is not None and (not name or Path(name).name != name or name.startswith(".")):
        raise UsageError(f"The name of a {kind} is a plain folder name, not {name!r}.")
    folder = Path(root) / name if name else unused(Path(root) / default_name)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(
            f"The {kind} {folder} exists and is never overwritten. Choose another --name."
        ) from None
    except (NotADirectoryError, PermissionError) as error:
        raise UsageError(f"The {kind} {folder} cannot be made: {error.strerror}.") from None
    return folder


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

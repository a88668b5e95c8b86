"""Downloads files that exist, identical, at several addresses."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from regard.errors import DataError

_TIMEOUT = (5, 30)  # seconds to connect, seconds between two pieces


def fetch(
    files: Mapping[str, str], mirrors: Iterable[str], folder: Path, progress: bool = True
) -> None:
    """Downloads files into a folder, each from the first mirror that gives it unaltered.

    A mirror that fails once is not asked again. Proxy variables are honoured.

    Args:
        files: SHA-256 of each file to download, by name.
        mirrors: Addresses, ending in `/`, to which a name is appended.
        folder: Where the files go; created if need be.
        progress: Whether to show a bar if stderr is a terminal.

    Raises:
        DataError: No mirror gave a file, or the folder cannot be written.
    """
    alive = list(mirrors)
    for name, sha256 in files.items():
        while alive and not _retrieve(alive[0] + name, sha256, folder / name, progress):
            del alive[0]
        if not alive:
            raise DataError(f"No mirror gave an unaltered {name}.")


def _retrieve(address, sha256, path, progress):
    import pooch
    import requests

    show = progress and sys.stderr.isatty()
    if not show:
        pooch.get_logger().setLevel("WARNING")
    downloader: Any = pooch.HTTPDownloader(progressbar=show, timeout=_TIMEOUT)
    try:
        pooch.retrieve(address, f"sha256:{sha256}", path.name, path.parent, downloader=downloader)
    except (requests.RequestException, ValueError):
        return False
    except OSError as error:
        raise DataError(f"{path.parent} cannot be written ({error.strerror or error}).") from error
    return True

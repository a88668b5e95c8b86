import functools
import gzip
import hashlib
import http.server
import threading

import numpy as np
import pytest

from regard.datasets import fashion_files, fashion_mnist


def pack(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Empty places instead of the real ones, and no mirror."""
    monkeypatch.delenv("REGARD_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fashion_mnist, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(fashion_mnist, "SYSTEM", tmp_path / "system")
    monkeypatch.setattr(fashion_mnist, "MIRRORS", ())
    return tmp_path


@pytest.fixture
def whole(places, monkeypatch):
    """A folder with a made-up whole set of 20 + 10 images, which passes for the real one."""
    folder = places / "whole"
    folder.mkdir()
    unpacked, packed = {}, {}
    for part, n in (("train", 20), ("t10k", 10)):
        labels = np.arange(n, dtype=np.uint8) % 10
        images = np.repeat(labels, 784).reshape(n, 28, 28)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            raw = pack(array)
            file = gzip.compress(raw, mtime=0)
            (folder / f"{part}-{name}-ubyte.gz").write_bytes(file)
            unpacked[f"{part}-{name}-ubyte"] = hashlib.sha256(raw).hexdigest()
            packed[f"{part}-{name}-ubyte"] = hashlib.sha256(file).hexdigest()
    monkeypatch.setattr(fashion_files, "WHOLE_SHA256", unpacked)
    monkeypatch.setattr(fashion_files, "MIRROR_SHA256", packed)
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_):
        pass


class Half(Quiet):
    """Promises the whole file and sends half of it."""

    def copyfile(self, source, outputfile):
        content = source.read()
        outputfile.write(content[: len(content) // 2])


@pytest.fixture
def serve():
    """A function that serves a folder on the loopback and returns its address and requests."""
    servers = []

    def start(folder, handler=Quiet):
        make = functools.partial(handler, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), make)
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/", server.asked

    start.half = functools.partial(start, handler=Half)
    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def dead():
    """The address of a server that does not answer."""
    return "http://127.0.0.1:9/"

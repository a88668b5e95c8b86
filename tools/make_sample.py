"""Writes the sample of Fashion-MNIST that lies inside regard, and prints its digests.

Run: python tools/make_sample.py [FOLDER], FOLDER with the four files of the whole set.
"""

import gzip
import hashlib
import sys
from pathlib import Path

import numpy as np

from regard.datasets import fashion_files, fashion_mnist


def main(folder):
    whole = fashion_files.read(folder, sample=False)
    rng = np.random.default_rng(0)
    for name, split, each in (("train", whole.train, 600), ("t10k", whole.test, 100)):
        picked = pick(split.labels, each, rng)
        write(f"{name}-images-idx3-ubyte", split.images[picked])
        write(f"{name}-labels-idx1-ubyte", split.labels[picked].astype(np.uint8))


def pick(labels, each, rng):
    classes = [rng.choice(np.flatnonzero(labels == k), each, replace=False) for k in range(10)]
    return rng.permutation(np.concatenate(classes))


def write(name, array):
    raw = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()
    path = fashion_mnist.SAMPLE / f"{name}.gz"
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(gzip.compress(raw, 9, mtime=0))
    temporary.replace(path)
    print(f'    "{name}": "{hashlib.sha256(raw).hexdigest()}",')


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else fashion_mnist.SYSTEM)

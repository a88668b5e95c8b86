"""Folders of generated photos: what regard makes of a messy one, how fast it loads a large one.

    python benchmarks/photos.py messy    # 2,000 photos of all kinds, and files that are none
    python benchmarks/photos.py many     # 20,000 small JPEG photos, beside Keras's own loader
    python benchmarks/photos.py many --image-size 160    # the same; regard's images lie on disk

`messy` runs `regard data check` and `regard train --epochs 1`, whose output must be proper UTF-8.
It fails if one of them crashes or takes more than 15 minutes, if a photo is not used, or if another
file is used, or left out, and not named.

`many` loads with `regard.datasets.photos.load_photos` and with
`keras.utils.image_dataset_from_directory`, in turns, each in a process of its own whose imports are
not counted: to 96 x 96 pixels or those asked for, in batches of 32, shuffled, as float32. The first
epoch has the loading in it, after which regard has the images in memory, or on disk if they take
more than 1 GiB; the second is a pass over them again. regard checks and hashes each file, and
resizes by Lanczos's filter; Keras resizes bilinearly from four pixels each. The files are in the
cache of the system. Processor time is that of all threads, in the first epoch; where other programs
run, it says more than images a second. Memory is told apart (Linux): anonymous memory is the
process's own, while pages of files that it maps can be written to disk and dropped.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from peak_memory import PeakMemory
from photo_files import make_hostile_files, make_many_photos, make_messy_photos

from regard.datasets.photo_source import printable

BATCH_SIZE = 32
LIMIT = 900  # seconds of a process
OF_USED = ("by its content", "no orientation mark that can be read")  # ends of warnings
LOADERS = ("regard", "keras")


def run(arguments, folder):
    """Runs Python in a folder; returns its output, errors, seconds and peak memory by kind."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        command = [sys.executable, *map(str, arguments)]
        environment = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=errors, env=environment
        )
        clock = threading.Timer(LIMIT, process.kill)
        clock.start()
        with PeakMemory(process.pid) as memory:
            _, status, usage = os.wait4(process.pid, 0)
        clock.cancel()
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0), errors.seek(0)
        texts = output.read(), errors.read()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, arguments))} ended with {process.returncode}:\n{texts[1]}")
    return *texts, seconds, {"total": usage.ru_maxrss / 1024} | memory.megabytes


def messy(count):
    """Prints what regard makes of a messy folder; returns whether all is as it should be."""
    with tempfile.TemporaryDirectory() as root:
        photos = Path(root, "photos")
        make_messy_photos(photos, count)
        hostile = make_hostile_files(photos, Path(root, "outside"))
        output, _, seconds, memory = run(["-m", "regard", "data", "check", photos, "--json"], root)
        found = json.loads(output)
        told(f"data check: {seconds:.1f} s, {in_words(memory)}")
        output, errors, seconds, memory = run(
            ["-m", "regard", "train", photos, "--epochs", 1, "--json"], root
        )
        tested = json.loads(output)["test"]
        accuracy = f"{tested['accuracy']:.3f} on {tested['count']} photos"
        told(f"train --epochs 1: {seconds:.1f} s, {in_words(memory)}, accuracy {accuracy}")
        return judged(found, errors, count, photos, hostile)


def judged(found, notice, count, photos, hostile):
    """Prints the counts, and which files are used or left out and not named."""
    used = sum(row["photos"] for row in found["classes"].values())
    warned = [line for line in found["problems"] if line.endswith(OF_USED)]
    told(f"{used} photos used, {len(warned)} of them with a warning")
    names = [printable(path.relative_to(photos).as_posix()) for path in hostile]
    words = "\n".join([*found["problems"], *found["ignored"]])
    unnamed = [name for name in names if name not in words]
    told(f"{len(names) - len(unnamed)} of {len(names)} hostile files named by the check")
    left_out = [name for name in names if not any(line.startswith(name) for line in warned)]
    silent = [name for name in left_out if name not in notice]
    told(f"{len(left_out) - len(silent)} of {len(left_out)} left out and named by the training")
    told(f"not named: {sorted({*unnamed, *silent})}")
    return not unnamed and not silent and used == count + len(warned)


def in_words(memory):
    """Returns peaks of memory by kind as one line."""
    return "memory in MB: " + ", ".join(f"{kind} {peak:.0f}" for kind, peak in memory.items())


def many(count, rounds, image_size):
    """Prints how fast both loaders are, and the ratios."""
    runs = {loader: [] for loader in LOADERS}
    with tempfile.TemporaryDirectory() as root:
        photos = Path(root, "photos")
        make_many_photos(photos, count)
        for turn in range(rounds):
            for loader in LOADERS if turn % 2 else reversed(LOADERS):
                output, _, _, memory = run([__file__, "load", loader, photos, image_size], root)
                runs[loader].append(json.loads(output.splitlines()[-1]) | {"memory": memory})
                told(json.dumps({"loader": loader} | runs[loader][-1]))
                if runs[loader][-1]["images"] != count:
                    sys.exit(f"{loader} gave other than {count} images.")
    for measure in ("first", "second", "processor"):
        ours, theirs = ([one[measure] for one in runs[loader]] for loader in LOADERS)
        ratios = np.divide(theirs, ours)
        told(
            f"seconds, {measure}, keras ÷ regard = {np.median(ratios):.2f} "
            f"({ratios.min():.2f}-{ratios.max():.2f})"
        )
    for loader, ones in runs.items():
        first, second, processor = (
            np.median([one[name] for one in ones]) for name in ("first", "second", "processor")
        )
        memory = {kind: max(one["memory"][kind] for one in ones) for kind in ones[0]["memory"]}
        told(
            f"{loader:6} {count / first:.0f} and {count / second:.0f} images/s, "
            f"{processor / count * 1e6:.0f} us of processor an image of the first epoch, "
            f"{in_words(memory)}"
        )
    load = ", ".join(f"{busy:.1f}" for busy in os.getloadavg())
    told(f"{image_size} x {image_size} pixels, {os.cpu_count()} cores, load {load}")


def load(loader, photos, image_size):
    """Prints the seconds of both epochs of a loader, and what else is compared."""
    import keras

    from regard.datasets.photos import load_photos

    epochs = {
        "regard": lambda: epochs_of_regard(load_photos, photos, image_size),
        "keras": lambda: epochs_of_keras(
            keras.utils.image_dataset_from_directory, photos, image_size
        ),
    }[loader]()
    seconds, processor, counts = [], [], []
    for _ in range(2):
        start, busy = time.perf_counter(), time.process_time()
        counts.append(next(epochs))
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    told(
        json.dumps(
            {
                "first": seconds[0],
                "second": seconds[1],
                "processor": processor[0],
                "images": counts[-1],
            }
        )
    )


def epochs_of_regard(load_photos, photos, image_size):
    """Yields the number of images after each epoch; before the first, the photos are loaded."""
    rng = np.random.default_rng(0)
    dataset = load_photos(photos, image_size)
    while True:
        yield sum(
            len(images)
            for side in (dataset.train, dataset.validation, dataset.test)
            for images, _ in shuffled(side, rng)
        )


def shuffled(side, rng):
    """Yields the batches of a side as the network takes them."""
    from regard.datasets.check import as_images

    order = rng.permutation(len(side))
    for start in range(0, len(side), BATCH_SIZE):
        rows = order[start : start + BATCH_SIZE]
        yield as_images(side.images[rows]), side.labels[rows]


def epochs_of_keras(image_dataset_from_directory, photos, image_size):
    """Yields the number of images after each epoch."""
    dataset = image_dataset_from_directory(
        photos, image_size=(image_size, image_size), batch_size=BATCH_SIZE, verbose=False
    )
    while True:
        yield sum(len(labels) for _, labels in dataset)


def told(line):
    """Prints a line at once."""
    print(line, flush=True)


def main():
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    modes = parser.add_subparsers(dest="mode", required=True)
    of_messy, of_many = modes.add_parser("messy"), modes.add_parser("many")
    of_messy.add_argument("--photos", type=int, default=2_000)
    of_many.add_argument("--photos", type=int, default=20_000)
    of_many.add_argument("--rounds", type=int, default=3)
    of_many.add_argument("--image-size", type=int, default=96)
    one = modes.add_parser("load", help="one turn of many")
    one.add_argument("loader", choices=LOADERS)
    one.add_argument("folder")
    one.add_argument("image_size", type=int)
    options = parser.parse_args()
    if options.mode == "messy":
        sys.exit(0 if messy(options.photos) else "Not all is as it should be.")
    elif options.mode == "many":
        many(options.photos, options.rounds, options.image_size)
    else:
        load(options.loader, options.folder, options.image_size)


main()

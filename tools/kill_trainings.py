"""Kills trainings at random instants, goes on with them, and compares what they leave, bit for bit.

    python tools/kill_trainings.py --kills 200
    KERAS_BACKEND=torch python tools/kill_trainings.py --kills 50

Each training is a process of its own that is killed by SIGKILL, again and again, until it comes to
its end. States are written far more often than usual, so that many kills fall inside the writing.
Prints how many trainings left what one that was never killed leaves.
"""

import argparse
import contextlib
import dataclasses
import functools
import hashlib
import json
import multiprocessing
import random
import shutil
import tempfile
import time
from pathlib import Path

from regard import datasets
from regard.training import Recipe, checkpoints, training
from regard.training.run import read_metrics

import keras  # isort: skip

IMAGES = 300
RECIPE = Recipe(
    dataset="fashion-mnist-sample",
    network="regard_fast",
    epochs=6,
    batch_size=30,
    shift=1,
    weight_decay=0.01,
    schedule="one-cycle",
)


def part(split, count):
    """Returns the first images of a split."""
    return datasets.Split(split.images[:count], split.labels[:count])


def go_on(root):
    """Trains into the folder, or goes on there."""
    checkpoints.SHARE = 1
    training.Checkpoints = functools.partial(checkpoints.Checkpoints, between=0.05)
    dataset = datasets.load(RECIPE.dataset)
    dataset = dataclasses.replace(dataset, train=part(dataset.train, IMAGES))
    with contextlib.redirect_stdout(None):
        if (root / "run" / "environment.json").exists():
            training.resume_run(root / "run", RECIPE, dataset)
        else:
            shutil.rmtree(root / "run", ignore_errors=True)
            training.train_run(RECIPE, dataset, root, "run")


def digests(folder):
    """Returns a digest of each thing that must be equal."""
    model = keras.models.load_model(folder / "model.keras")
    parts = {
        "weights": b"".join(map(to_bytes, model.variables)),
        "optimizer": b"".join(map(to_bytes, model.optimizer.variables)),
        "best": (folder / "checkpoints" / "best.safetensors").read_bytes(),
        "metrics": repr([{**row, "seconds": 0} for row in read_metrics(folder)]).encode(),
    }
    return {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}


def to_bytes(variable):
    """Returns the bytes of a variable's values."""
    return keras.ops.convert_to_numpy(variable).tobytes()


def run_child(target, argument, limit=None):
    """Runs a function in a process, killed after a time; returns whether it ended by itself."""
    child = multiprocessing.get_context("fork").Process(target=target, args=(argument,))
    child.start()
    child.join(limit)
    if child.exitcode is None:
        child.kill()
        child.join()
        return False
    if child.exitcode:
        raise SystemExit(f"A training failed with exit code {child.exitcode}: {argument}")
    return True


def digested(root):
    """Writes the digest of a run; in a process of its own, so that this one runs no operation."""
    (root / "digests.json").write_text(json.dumps(digests(root / "run")))


def finished(root):
    """Returns what a training that came to its end leaves."""
    run_child(digested, root)
    return json.loads((root / "digests.json").read_text())


def main():
    """Kills and goes on until there were enough kills."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole")
        started = time.perf_counter()
        run_child(go_on, whole)
        seconds = time.perf_counter() - started
        expected = finished(whole)
        print(f"never killed: {seconds:.1f} s", flush=True)
        kills, equal, runs = 0, 0, 0
        while kills < options.kills:
            root = Path(folder, f"killed-{runs}")
            while not run_child(go_on, root, chance.uniform(0.2, 0.8) * seconds):
                kills += 1
            runs += 1
            found = finished(root)
            wrong = [name for name in expected if found[name] != expected[name]]
            equal += not wrong
            print(f"{kills} kills, {runs} trainings, {equal} equal", flush=True)
            if wrong:
                kept = shutil.move(root, tempfile.mkdtemp(prefix="unequal-"))
                print(f"other {', '.join(wrong)}: {kept}", flush=True)
            shutil.rmtree(root, ignore_errors=True)
    backend = keras.config.backend()
    print(f"{backend}: {kills} kills; {equal} of {runs} trainings equal to the bit")
    raise SystemExit(equal != runs)


if __name__ == "__main__":
    main()

"""The time to the accuracy that the tutorial reaches by `model.fit` in ten epochs, and by `fast`.

    python benchmarks/time_to_accuracy.py    # five seeds on the whole of Fashion-MNIST

Each training has a process of its own, stock and ours in turns with the same seed, so the same
split; its time counts from before the network is built, so compiling is inside. The accuracy
aimed at is the mean of stock's validation accuracies after its last epoch. An arm has reached it at
the first epoch whose mean over the seeds is at least that; beside it, each training by itself at
its first epoch of at least that, or at its end if there is none. The test images are looked at
once, at the end, with the weights that each training keeps.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ARMS = {
    "stock": ["tutorial", "keras"],
    "ours": ["fast", "regard"],
}


def train(recipe, loop, seed):
    """Trains once and prints, as JSON, the seconds and validation accuracy after each epoch."""
    import keras

    from regard import datasets
    from regard.datasets.check import as_images
    from regard.evaluation.predict import predict_probabilities
    from regard.training import read_recipe, train_run

    dataset = datasets.load("fashion-mnist")
    seconds = []
    accuracies = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - start)
            accuracies.append(logs["val_accuracy"])

    settings = read_recipe(name=recipe, loop=loop, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        model = train_run(settings, dataset, Path(folder), callbacks=[Clock()]).model
    predicted = predict_probabilities(model, as_images(dataset.test.images)).argmax(1)
    test = float(np.mean(predicted == dataset.test.labels))
    print(json.dumps({"seconds": seconds, "validation": accuracies, "test": test}))


def in_process(*words):
    """Runs this file for one training and returns what it prints."""
    command = [sys.executable, __file__, "--train", *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def reached(runs, accuracy):
    """Returns the seconds of each run after the first epoch whose mean accuracy is enough."""
    means = np.mean([run["validation"] for run in runs], axis=0)
    if means.max() < accuracy:
        return None
    epoch = int(np.argmax(means >= accuracy))
    return np.array([run["seconds"][epoch] for run in runs])


def touched(run, accuracy):
    """Returns the seconds of a training after its first epoch that is good enough, or its last."""
    enough = np.array(run["validation"]) >= accuracy
    return run["seconds"][int(np.argmax(enough)) if enough.any() else -1]


def ratio(stock, ours):
    """Says the ratios of paired times: the median, and the least and largest."""
    ratios = np.divide(stock, ours)
    return f"{np.median(ratios):.1f} ({ratios.min():.1f}-{ratios.max():.1f})"


def report(runs):
    """Prints the figures of all runs."""
    last = np.array([run["seconds"][-1] for run in runs["stock"]])
    target = np.mean([run["validation"] for run in runs["stock"]], axis=0)[-1]
    first = reached(runs["stock"], target)
    ours = reached(runs["ours"], target)
    print(f"accuracy aimed at: {target:.4f} on validation")
    for arm, ones in runs.items():
        ends = [run["validation"][-1] for run in ones]
        tests = [run["test"] for run in ones]
        times = [run["seconds"][-1] for run in ones]
        print(
            f"{arm:6} last epoch: validation {np.mean(ends):.4f} "
            f"({min(ends):.4f}-{max(ends):.4f}), after {np.median(times):.0f} s; test, with the "
            f"weights kept, {np.mean(tests):.4f} ({min(tests):.4f}-{max(tests):.4f})"
        )
    if ours is None:
        print("ours does not reach it")
        return
    print(f"stock's last epoch ÷ ours: {ratio(last, ours)}")
    print(f"stock's mean reaches it ÷ ours: {ratio(first, ours)}")
    each = [[touched(run, target) for run in runs[arm]] for arm in ARMS]
    print(f"each training's first touch, stock ÷ ours: {ratio(*each)}")


def main():
    """Runs all trainings, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--train", nargs=3, metavar=("RECIPE", "LOOP", "SEED"))
    options = parser.parse_args()
    if options.train:
        recipe, loop, seed = options.train
        train(recipe, loop, int(seed))
        return
    runs = {arm: [] for arm in ARMS}
    for seed in range(options.seeds):
        for arm, words in ARMS.items():
            runs[arm].append(in_process(*words, seed))
            print(json.dumps({"arm": arm, "seed": seed} | runs[arm][-1]), flush=True)
    report(runs)


main()

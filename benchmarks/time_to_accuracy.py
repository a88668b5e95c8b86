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

import numpy as np
from trainings import in_process

ARMS = {
    "stock": ["tutorial", "keras"],
    "ours": ["fast", "regard"],
}


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
    options = parser.parse_args()
    runs = {arm: [] for arm in ARMS}
    for seed in range(options.seeds):
        for arm, words in ARMS.items():
            runs[arm].append(in_process(*words, seed))
            print(json.dumps({"arm": arm, "seed": seed} | runs[arm][-1]), flush=True)
    report(runs)


main()

"""What each setting of the recipe `fast` is worth: it, and it without one setting, over seeds.

    python benchmarks/recipe.py                       # five seeds on the whole of Fashion-MNIST
    python benchmarks/recipe.py --seeds 5 --only fast "constant rate"

Only the validation images are looked at. A line is printed for each run, then the mean
difference of each arm to the whole recipe, paired by seed, with its 95 % t interval.
"""

import argparse
import dataclasses
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy import stats

WITHOUT = {
    "fast": {},
    "constant rate": {"schedule": "constant", "learning_rate": 1e-3},
    "lower rate": {"learning_rate": 1e-3},
    "batch 64": {"batch_size": 64},
    "no smoothing": {"label_smoothing": 0.0},
}


@dataclasses.dataclass
class Run:
    """Validation accuracy after each epoch, and the seconds of the whole."""

    arm: str
    seed: int
    accuracies: list
    seconds: float


def run(arm, seed, dataset, folder):
    """Trains once."""
    from regard.training import read_recipe, train_run

    recipe = read_recipe(name="fast", seed=seed, **WITHOUT[arm])
    start = time.perf_counter()
    trained = train_run(recipe, dataset, folder)
    seconds = time.perf_counter() - start
    rows = (trained.folder / "metrics.csv").read_text().splitlines()
    place = rows[0].split(",").index("val_accuracy")
    return Run(arm, seed, [float(row.split(",")[place]) for row in rows[1:]], seconds)


def main():
    """Runs all arms, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=list(WITHOUT), choices=list(WITHOUT))
    options = parser.parse_args()

    from regard import datasets

    dataset = datasets.load("fashion-mnist")
    print(dataset.provenance.notice or "the whole of Fashion-MNIST")
    last = {arm: [] for arm in options.only}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seeds):
            for arm in options.only:
                one = run(arm, seed, dataset, Path(folder))
                last[arm].append(one.accuracies[-1])
                print(json.dumps(dataclasses.asdict(one)), flush=True)
    for arm, values in last.items():
        gains = np.subtract(last["fast"], values)
        print(f"{arm:14} mean {np.mean(values):.4f}", end="")
        if arm != "fast" and len(gains) > 1:
            low, high = stats.ttest_1samp(gains, 0).confidence_interval()
            print(f"; fast gains {gains.mean():+.4f} [{low:+.4f}, {high:+.4f}]", end="")
        print()


main()

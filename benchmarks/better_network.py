"""How accurate `regard-fast` is in the time of the tutorial's ten epochs by `model.fit`.

    python benchmarks/better_network.py               # ten seeds on the whole of Fashion-MNIST
    python benchmarks/better_network.py --attention   # with and without it, on validation alone

Every training has a process of its own; compiling is inside its time. A line is printed for each.
`--attention` pairs the two by seed and says the gain with its 95 % t interval.
"""

import argparse
import json

import numpy as np
from scipy import stats
from trainings import in_process

RECIPE = "regard-fast"


def accuracy(seeds, stock_seeds):
    """Trains stock, then ours with each seed; prints test accuracies and times."""
    stock = [tell("stock", in_process("tutorial", "keras", seed)) for seed in stock_seeds]
    ours = [tell(RECIPE, in_process(RECIPE, "regard", seed)) for seed in seeds]
    limit = np.median([run["seconds"][-1] for run in stock])
    for arm, runs in (("stock", stock), (RECIPE, ours)):
        tests = [run["test"] for run in runs]
        kept = np.mean([run["kept"] for run in runs])
        seconds = [run["seconds"][-1] for run in runs]
        print(
            f"{arm}: test {np.mean(tests):.4f} ({min(tests):.4f}-{max(tests):.4f}), validation "
            f"{kept:.4f}, {np.median(seconds):.0f} s ({min(seconds):.0f}-{max(seconds):.0f})"
        )
    inside = sum(run["seconds"][-1] <= limit for run in ours)
    print(f"{inside} of {len(ours)} in the {limit:.0f} s of stock")


def attention(seeds):
    """Trains with and without attention and prints the gain on validation."""
    gains = []
    for seed in seeds:
        words = RECIPE, "regard", seed
        pair = [in_process(*words)["kept"], in_process(*words, "--no-attention")["kept"]]
        print(f"seed {seed}: validation {pair[0]:.4f} with, {pair[1]:.4f} without", flush=True)
        gains.append(pair[0] - pair[1])
    low, high = stats.ttest_1samp(gains, 0).confidence_interval()
    print(f"attention gains {np.mean(gains):+.4f} [{low:+.4f}, {high:+.4f}] on validation")


def tell(arm, run):
    """Prints the figures of a training and returns them."""
    print(json.dumps({"arm": arm} | run), flush=True)
    return run


def main():
    """Runs one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--stock-seeds", type=int, default=1)
    parser.add_argument("--attention", action="store_true")
    options = parser.parse_args()
    if options.attention:
        attention(range(options.seeds))
    else:
        accuracy(range(options.seeds), range(options.stock_seeds))


main()

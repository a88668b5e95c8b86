"""How often the verdicts of `regard compare` are wrong, and what they find: docs/statistics.md.

    nice python benchmarks/false_alarms.py [STUDIES]

Simulated studies, 20,000 by default, of arms that are equally good or not. An accuracy is that of
10,000 test images, each right with the same probability: 92 % and the planted gain, and what the
seed does to all arms (0.2 points) and to this arm (0.1 points). The differences of two arms then
have a standard deviation of 0.4 points. The first 400 studies are shown by themselves.
"""

import sys

import numpy as np

from regard.evaluation import wilson_interval
from regard.studies.statistics import (
    FEWEST_SEEDS,
    OneLook,
    SpendingLooks,
    bca_interval,
    decide,
    holm,
    improvement_interval,
    nominal_levels,
    t_interval,
    t_p,
)

IMAGES, BASE, SEED_NOISE, ARM_NOISE = 10_000, 0.92, 0.002, 0.001
LEVEL, WORTH, MOST = 0.05, 0.005, 20
FIRST = 400
BOOTSTRAPS = 2000


def main(studies="20000"):
    """Prints the tables."""
    studies = int(studies)
    print_false_alarms(studies)
    print_mishaps(studies)
    print_false_equivalence(studies)
    print_power(studies)
    print_coverage(studies)


def print_false_alarms(studies):
    """The share of studies of equal arms in which a design helps or hurts."""
    print("\n| designs | seeds | worth, points | helps or hurts: of 400 | of all | seeds used |")
    print("| ---: | --- | ---: | --- | --- | ---: |")
    for designs in (1, 3):
        for name, plan in PLANS.items():
            for worth in (WORTH, 0.0):
                wrong, seeds = alarms(plan, differences(studies, designs, 0.0), worth)
                row = f"{designs} | {name} | {100 * worth:g} | {share(wrong[:FIRST])}"
                print(f"| {row} | {share(wrong)} | {seeds.mean():.1f} |", flush=True)


def print_mishaps(studies):
    """The same where one training in twenty, of whichever arm, is 3 points worse."""
    print("\n| seeds | worth, points | helps or hurts, one training in twenty failing: of all |")
    print("| --- | ---: | --- |")
    for name, plan in PLANS.items():
        for worth in (WORTH, 0.0):
            scores = accuracies(studies, 2, 0.0)
            failing = np.random.default_rng(1).random(scores.shape) < 1 / 20
            scores = scores - 0.03 * failing
            wrong, _ = alarms(plan, scores[:, 1:] - scores[:, :1], worth)
            print(f"| {name} | {100 * worth:g} | {share(wrong)} |", flush=True)


def alarms(plan, apart, worth):
    """Whether any design helps or hurts, `(studies,)`, and the seeds it took."""
    found, seeds = plan(apart, worth)
    return np.any((found == "helps") | (found == "hurts"), axis=1), seeds


def print_false_equivalence(studies):
    """The share of studies of a design exactly worth having that say it is not."""
    print("\n| seeds | true difference | no difference worth 0.5 points: of 400 | of all |")
    print("| --- | ---: | --- | --- |")
    plans = PLANS | {"5, 6, … 20, each with an interval of 95 %, which regard does not": naive}
    for name, plan in plans.items():
        found, _ = plan(differences(studies, 1, WORTH), WORTH)
        wrong = np.char.startswith(found[:, 0], "no")
        print(f"| {name} | 0.5 | {share(wrong[:FIRST])} | {share(wrong)} |")


def print_power(studies):
    """What planted gains are called."""
    print(
        "\n| gain, points | seeds | helps | no difference | cannot tell yet | hurts | seeds used |"
    )
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for gain in (0.0, 0.005, 0.01, 0.02):
        for name, plan in PLANS.items():
            found, seeds = plan(differences(studies, 1, gain), WORTH)
            shares = (np.mean(np.char.startswith(found[:, 0], word)) for word in WORDS)
            cells = " | ".join(f"{100 * share:.1f} %" for share in shares)
            print(f"| {100 * gain:g} | {name} | {cells} | {seeds.mean():.1f} |", flush=True)


WORDS = ("helps", "no", "cannot", "hurts")


def print_coverage(studies):
    """How often intervals of 95 % hold the truth."""
    print("\n| seeds | t interval | BCa | probability of improvement |")
    print("| ---: | ---: | ---: | ---: |")
    for seeds in (5, 7, 10, 20):
        scores = accuracies(studies, 2, 0.0)[:, :, :seeds]
        apart = scores[:, 1] - scores[:, 0]
        low, high = t_interval(*summary(apart), LEVEL)
        rng = np.random.default_rng(1)
        few = range(min(studies, BOOTSTRAPS))
        bca = [bca_interval(apart[study], LEVEL, rng) for study in few]
        better = [improvement_interval(*scores[study], LEVEL, rng) for study in few]
        cells = (
            np.mean((low <= 0) & (high >= 0)),
            np.mean([one is not None and one[0] <= 0 <= one[1] for one in bca]),
            np.mean([low <= 0.5 <= high for low, high in better]),
        )
        row = " | ".join(f"{100 * cell:.1f} %" for cell in cells)
        print(f"| {seeds} | {row} |", flush=True)


def accuracies(studies, arms, gain):
    """Simulated accuracies `(studies, arms, seeds)`; all arms but the first have the gain."""
    rng = np.random.default_rng(0)
    shared = rng.normal(0, SEED_NOISE, (studies, 1, MOST))
    own = rng.normal(0, ARM_NOISE, (studies, arms, MOST))
    gains = np.array([0.0] + [gain] * (arms - 1))[:, None]
    return rng.binomial(IMAGES, np.clip(BASE + gains + shared + own, 0, 1)) / IMAGES


def differences(studies, designs, gain):
    """Of each design and no attention, `(studies, designs, seeds)`."""
    scores = accuracies(studies, 1 + designs, gain)
    return scores[:, 1:] - scores[:, :1]


def summary(apart):
    """Mean, spread as `regard.studies.statistics.spread` has it, and number of seeds."""
    least = 1 / (IMAGES * np.sqrt(6))
    return apart.mean(-1), np.maximum(apart.std(-1, ddof=1), least), apart.shape[-1]


def planned(seeds):
    """A plan of one look: verdicts `(studies, designs)` and the seeds they took, `(studies,)`."""

    def once(apart, worth):
        found = verdicts(apart[:, :, :seeds], worth, LEVEL, lambda p: p)
        return found, np.full(len(apart), seeds)

    return once


def until_decided(apart, worth):
    """The plan of `study.until_decided`."""
    looks = SpendingLooks(LEVEL, MOST)
    return until(apart, worth, looks.level_at, adjuster)


def naive(apart, worth):
    """Looks whose level is not spent but used anew at each."""
    return until(apart, worth, OneLook(LEVEL).level_at, lambda seeds, designs: lambda p: p)


def until(apart, worth, level_at, adjuster_at):
    """Verdicts of the first look that decides all designs, or of the last."""
    found = np.full(apart.shape[:2], "cannot tell yet", "U40")
    seeds = np.full(len(apart), MOST)
    going = np.arange(len(apart))
    for number in range(FEWEST_SEEDS, MOST + 1):
        adjust = adjuster_at(number, apart.shape[1])
        found[going] = verdicts(apart[going, :, :number], worth, level_at(number), adjust)
        done = np.all(found[going] != "cannot tell yet", axis=1)
        seeds[going[done]] = number
        going = going[~done]
    return found, seeds


def adjuster(seeds, designs):
    """What gives p values that Holm decides on as on those of `SpendingLooks.adjusted`.

    They are exact at the levels that Holm compares with, and linear between them.
    """
    levels = [LEVEL / tests for tests in range(designs, 0, -1)]
    numbers = tuple(range(FEWEST_SEEDS, seeds + 1))
    nominal = [nominal_levels(numbers, MOST, level)[-1] for level in levels]
    return lambda p: np.interp(p, [0, *nominal, 1], [0, *levels, 1])


def verdicts(apart, worth, level, adjust):
    """What each design is called, `(studies, designs)`."""
    mean, spread, seeds = summary(apart)
    low, high = t_interval(mean, spread, seeds, level)
    p = [holm(adjust(study)) for study in t_p(mean, spread, seeds)]
    named = [
        [
            decide(seeds, *one, LEVEL, worth) or "cannot tell yet"
            for one in zip(means, zip(lows, highs, strict=True), ps, strict=True)
        ]
        for means, lows, highs, ps in zip(mean, low, high, p, strict=True)
    ]
    return np.array(named, "U40").reshape(mean.shape)


def share(wrong):
    """Percentage with its 95 % interval."""
    low, high = wilson_interval(int(wrong.sum()), len(wrong))
    return f"{100 * wrong.mean():.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


PLANS = {
    "5": planned(5),
    "10": planned(10),
    "20": planned(20),
    "5, 6, … 20 until decided": until_decided,
}

if __name__ == "__main__":
    main(*sys.argv[1:])

"""Prints how far regard's statistics are from the tools that record_statistics.py recorded.

python tools/compare_statistics.py

The table is that of docs/statistics.md; a test sees to it.
"""

import json
import math
from pathlib import Path

import numpy as np

from regard.studies.statistics import (
    bca_interval,
    holm,
    improvement,
    is_negligible,
    mcnemar_p,
    minimum_detectable,
    nominal_levels,
    sign_flip_p,
    spent,
    t_interval,
    t_p,
)

RECORDED = Path(__file__).parents[1] / "tests/data/statistics"
HEAD = """| statistic | reference | cases | largest difference |
| --- | --- | ---: | --- |
"""
SMALLEST_SHOWN = 1e-10


def t_test(case):
    shape = summary(case)
    return [
        t_p(*shape) - case["p"],
        *np.subtract(t_interval(*shape, case["level"]), case["interval"]),
    ]


def equivalence(case):
    """1 where the interval's answer is not that of the two one-sided tests, else 0."""
    level = 0.05
    ours = is_negligible(t_interval(*summary(case), level), case["worth"])
    return [float(ours != (case["p"] < level / 2))]


def sign_flip(case):
    return [sign_flip_p(case["differences"], np.random.default_rng(0)) - case["p"]]


def probability(case):
    return [improvement(case["scores"], case["others"]) - case["probability"]]


def bca(case):
    """In standard errors of the mean: both sides have resampled."""
    ours = bca_interval(case["differences"], case["level"], np.random.default_rng(0))
    _, spread, seeds = summary(case)
    return np.subtract(ours, case["interval"]) / (spread / np.sqrt(seeds))


def mid_p(case):
    return [mcnemar_of(case) - case["p"]]


def exact_less_half(case):
    """The exact p less that of half the outcomes as likely as the one found."""
    here, there = case["only_here"], case["only_there"]
    as_likely = math.comb(here + there, here) / 2 ** (here + there)
    return [mcnemar_of(case) - (case["p"] - as_likely * (0.5 if here == there else 1))]


def adjusted(case):
    return holm(case["p"]) - np.array(case["adjusted"])


def effect(case):
    spread_that_cancels = np.sqrt(case["seeds"])
    found = minimum_detectable(spread_that_cancels, case["seeds"], case["level"])
    return [found / spread_that_cancels - case["effect"]]


def spending(case):
    return spent(np.array(case["times"]), case["level"]) - np.array(case["spent"])


def bounds(case):
    """Of t tests with the number of differences gone to infinity, where they are z tests."""
    theirs = [math.erfc(z / math.sqrt(2)) for z in case["critical"]]
    few, more, most = (levels_of(case, planned) for planned in (20, 40, 80))
    return (few - 6 * more + 8 * most) / 3 - theirs


def levels_of(case, planned):
    numbers = tuple(round(time * planned) for time in case["times"])
    return np.array(nominal_levels(numbers, planned, case["level"]))


def summary(case):
    differences = np.array(case["differences"])
    return differences.mean(), differences.std(ddof=1), len(differences)


def mcnemar_of(case):
    here, there = case["only_here"], case["only_there"]
    return mcnemar_p([1] * here + [0] * there, [0] * here + [1] * there)


COMPARED = (
    ("paired t test: p and interval", "t_test", "`t.test`", t_test),
    ("decision by the interval, two one-sided tests", "equivalence", "`ttost_mean`", equivalence),
    ("sign-flip test", "sign_flip", "`symmetry_test`, exact", sign_flip),
    ("probability of improvement", "improvement", "`probability_of_improvement`", probability),
    ("BCa interval, in standard errors", "bca", "`boot.ci`, 100,000 resamples", bca),
    ("McNemar's mid-p", "mcnemar_mid_p", "`midpvalue`, exact", mid_p),
    ("McNemar's exact p less half", "mcnemar_exact", "`mcnemar`", exact_less_half),
    ("Holm's adjustment", "holm", "`multipletests`", adjusted),
    ("minimum detectable effect, 80 %", "power", "`power.t.test`", effect),
    ("minimum detectable effect, 80 %", "power_statsmodels", "`TTestPower`", effect),
    ("spending function", "looks", "`getDesignGroupSequential`, asOF", spending),
    ("nominal levels of looks, of infinitely many seeds", "looks", "the same", bounds),
)


def table():
    """Returns the Markdown table."""
    return HEAD + "".join(map(row, COMPARED))


def row(compared):
    title, name, function, _ = compared
    tools = ", ".join(" ".join(pair) for pair in read(name)["versions"].items())
    count = len(cases_of(name))
    return f"| {title} | {tools}: {function} | {count} | {shown(largest(compared))} |\n"


def largest(compared):
    """Returns the largest difference over the recorded cases."""
    _, name, _, differences = compared
    return max(np.max(np.abs(differences(case))) for case in cases_of(name))


def cases_of(name):
    """Returns what was put in and what came out, case by case."""
    return read(name)["cases"]


def read(name):
    """Returns a record."""
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def shown(difference):
    """Returns the power of ten that a difference is well below: its digits are the machine's."""
    if difference == 0:
        return "none"
    decade = max(math.ceil(math.log10(1.2 * difference)), round(math.log10(SMALLEST_SHOWN)))
    return f"< 1e{decade}"


if __name__ == "__main__":
    print(table(), end="")

"""Records what other tools compute, for tests/studies/statistics/test_parity.py.

Run in an environment of its own that has statsmodels and rliable, with R and its packages coin,
boot and rpact: python tools/record_statistics.py

Each file in tests/data/statistics has the tools' versions and cases, each with what was put in
and what came out.
"""

import json
import subprocess
from importlib.metadata import version
from pathlib import Path

import numpy as np
from rliable.metrics import probability_of_improvement
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

TARGET = Path(__file__).parents[1] / "tests/data/statistics"
IMAGES = 10_000
SEEDS = (2, 3, 5, 5, 8, 10, 12, 20)
LEVELS = (0.05, 0.01)
READ_ROWS = "rows <- lapply(strsplit(readLines('stdin'), ' '), as.numeric)\n"


def main():
    rng = np.random.default_rng(0)
    counts = [rng.binomial(IMAGES, 0.9, (2, seeds)) for seeds in SEEDS]
    counts = [(here + 4 * gain, there) for gain, (here, there) in enumerate(counts)]
    write("t_test", t_test(counts), r_versions())
    write("equivalence", equivalence(counts), versions("statsmodels"))
    write("sign_flip", sign_flip(counts), r_versions("coin"))
    write("improvement", improvement(counts), versions("rliable"))
    write("bca", bca(counts), r_versions("boot"))
    write("mcnemar_exact", mcnemar_exact(), versions("statsmodels"))
    write("mcnemar_mid_p", mcnemar_mid_p(), r_versions("coin"))
    write("holm", holm(rng), versions("statsmodels"))
    write("power", power(), r_versions())
    write("power_statsmodels", power_statsmodels(), versions("statsmodels"))
    write("looks", looks(), r_versions("rpact"))


def write(name, cases, tools):
    TARGET.mkdir(parents=True, exist_ok=True)
    content = {"versions": tools, "cases": cases}
    (TARGET / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def versions(name):
    return {name: version(name)}


def r_versions(package=None):
    found = {"R": run_r("cat(as.character(getRversion()))")}
    if package:
        found[package] = run_r(f"cat(as.character(packageVersion('{package}')))")
    return found


def run_r(program, rows=()):
    lines = "\n".join(" ".join(f"{number:.17g}" for number in row) for row in rows)
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", program],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def for_each_row(body, rows, before=""):
    """Runs R on each row, called x, and returns the numbers that `body` gives of it."""
    apply = f"for (x in rows) cat(sprintf('%.17g', {{ {body} }}), '\\n')"
    printed = run_r(f"{before}\n{READ_ROWS}{apply}", rows)
    return [[float(number) for number in line.split()] for line in printed.splitlines()]


def t_test(counts):
    differences = [((here - there) / IMAGES).tolist() for here, there in counts]
    cases = []
    for level in LEVELS:
        found = for_each_row(
            f"r <- t.test(x, conf.level = {1 - level}); c(r$p.value, r$conf.int)", differences
        )
        cases += [
            {"differences": case, "level": level, "p": p, "interval": interval}
            for case, (p, *interval) in zip(differences, found, strict=True)
        ]
    return cases


def equivalence(counts):
    cases = []
    for here, there in counts:
        differences = (here - there) / IMAGES
        for worth in (0.002, 0.005, 0.01, 0.03):
            p = DescrStatsW(differences).ttost_mean(-worth, worth)[0]
            cases.append({"differences": differences.tolist(), "worth": worth, "p": float(p)})
    return cases


def sign_flip(counts):
    program = """
      n <- length(x) / 2
      f <- factor(rep(c('here', 'there'), each = n)); b <- factor(rep(seq_len(n), 2))
      pvalue(symmetry_test(x ~ f | b, distribution = 'exact'))
    """
    found = for_each_row(program, [[*here, *there] for here, there in counts], "library(coin)")
    return [
        {"differences": ((here - there) / IMAGES).tolist(), "p": p}
        for (here, there), (p,) in zip(counts, found, strict=True)
    ]


def improvement(counts):
    cases = []
    for here, there in [*counts, ([9000, 9001, 9002], [9001, 9001, 9000])]:
        scores, others = np.array(here) / IMAGES, np.array(there) / IMAGES
        probability = probability_of_improvement(scores[:, None], others[:, None])
        cases.append(
            {
                "scores": scores.tolist(),
                "others": others.tolist(),
                "probability": float(probability),
            }
        )
    return cases


def bca(counts):
    """Of 8 seeds and more: of fewer many resamples equal the mean, which boot counts as above."""
    differences = [((here - there) / IMAGES).tolist() for here, there in counts if len(here) >= 8]
    program = """
      set.seed(0)
      b <- boot(x, function(d, i) mean(d[i]), R = 100000)
      boot.ci(b, conf = 0.95, type = 'bca')$bca[4:5]
    """
    found = for_each_row(program, differences, "library(boot)")
    return [
        {"differences": case, "level": 0.05, "interval": interval}
        for case, interval in zip(differences, found, strict=True)
    ]


TABLES = ((0, 1), (1, 1), (3, 9), (9, 3), (8, 8), (12, 30), (101, 140), (250, 251))
# Of as many on both sides coin takes all of that outcome off, and not half as Fagerland et al. do.
UNEQUAL = [(b, c) for b, c in TABLES if b != c]


def mcnemar_exact():
    return [
        {
            "only_here": b,
            "only_there": c,
            "p": float(mcnemar([[0, b], [c, 0]], exact=True).pvalue),
        }
        for b, c in TABLES
    ]


def mcnemar_mid_p():
    program = """
      n <- sum(x); y <- factor(c(rep(1:0, x), rep(0:1, x)))
      f <- factor(rep(c('here', 'there'), each = n)); b <- factor(rep(seq_len(n), 2))
      midpvalue(symmetry_test(y ~ f | b, distribution = 'exact'))
    """
    found = for_each_row(program, UNEQUAL, "library(coin)")
    return [
        {"only_here": b, "only_there": c, "p": p}
        for (b, c), (p,) in zip(UNEQUAL, found, strict=True)
    ]


def holm(rng):
    cases = [rng.random(tests) ** 3 for tests in (1, 2, 3, 5, 8)] + [np.array([0.02, 0.02, 0.9])]
    return [
        {"p": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()} for p in cases
    ]


def power():
    """Effects in standard deviations that are found with 80 %; R's noncentral t ends at 37.62."""
    rows = [(3, 0.05), (3, 0.01)]
    rows += [(seeds, level) for seeds in (5, 7, 10, 20, 50) for level in (0.05, 0.01, 0.001)]
    program = """
      power.t.test(n = x[1], sig.level = x[2], power = 0.8, type = 'one.sample',
                   strict = TRUE, tol = 1e-12)$delta
    """
    return [
        {"seeds": seeds, "level": level, "effect": effect}
        for (seeds, level), (effect,) in zip(rows, for_each_row(program, rows), strict=True)
    ]


def power_statsmodels():
    """The same; at stricter levels or of fewer seeds statsmodels finds no solution."""
    cases = []
    for seeds in (5, 7, 10, 20, 50):
        effect = TTestPower().solve_power(nobs=seeds, alpha=0.05, power=0.8)
        cases.append({"seeds": seeds, "level": 0.05, "effect": float(effect)})
    return cases


def looks():
    program = """
      design <- getDesignGroupSequential(sided = 2, alpha = x[1], typeOfDesign = 'asOF',
                                         informationRates = x[-1])
      c(design$criticalValues, design$alphaSpent)
    """
    schedules = [0.25, 0.5, 0.75, 1], [0.5, 1], [0.25, 0.3, 0.7, 1]
    rows = [[level, *times] for times in schedules for level in LEVELS]
    found = for_each_row(program, rows, "suppressMessages(library(rpact))")
    return [
        {
            "level": level,
            "times": times,
            "critical": result[: len(times)],
            "spent": result[len(times) :],
        }
        for (level, *times), result in zip(rows, found, strict=True)
    ]


if __name__ == "__main__":
    main()

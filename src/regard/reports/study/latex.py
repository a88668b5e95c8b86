r"""A study's tables in LaTeX, for `\input` into a paper that uses the package booktabs."""

import re

from regard.reports.study.arms import has_controls, summaries
from regard.reports.study.words import (
    MINUS,
    MISSING,
    beside_words,
    interval,
    level_words,
    number,
    p_value,
    points,
    seeds_words,
    spread,
)

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    MINUS: "$-$",
    MISSING: "--",
    "\N{NO-BREAK SPACE}": "~",
    "\n": " ",
    "\r": " ",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
}
_ARMS = ("Arm", "Accuracy, %", "Loss", "ECE, %", "Step, ms", "Parameters", "Multiply-adds, M")
_COMPARISONS = ("Arm", "Beside", "Difference", "Interval", "p", "Verdict")
_NAME = r"p{2.7cm}"


def study_table_tex(results, comparisons):
    r"""Writes what the arms gave, and what they differ by, as two LaTeX tables.

    Args:
        results: A `regard.studies.results.Results`.
        comparisons: Its `regard.studies.comparison.Comparison`s.

    Returns:
        The text; it needs `\usepackage{booktabs}`, and all names in it are escaped.
    """
    study = results.study
    controls = has_controls(results)
    below = ", with the controls below their design" if controls else ""
    adjusted = "p beside no attention adjusted" if controls else "p adjusted"
    arms = _table(
        "Test accuracy, loss, expected calibration error (ECE) and cost of each arm"
        f"{below}: means ± standard deviations over {seeds_words(results)}.",
        "arms",
        f"{_NAME}rrrrrr",
        _ARMS,
        [_arm(summary) for summary in summaries(results, comparisons)],
    )
    differences = _table(
        "Differences in test accuracy, in percentage points, paired by seed, with "
        f"{level_words(study)} intervals; {adjusted} by Holm's method over the designs.",
        "differences",
        f"{_NAME}lrrrp{{2.2cm}}",
        _COMPARISONS,
        _differences(results, comparisons),
    )
    return f"% Needs \\usepackage{{booktabs}}.\n{arms}\n{differences}"


def _arm(summary):
    arm, mean = summary.arm, summary.mean
    return [
        rf"\quad {_escaped(arm.role)}" if arm.of else _name(arm.name),
        *map(
            _escaped,
            [
                spread(100 * mean["accuracy"], 100 * summary.deviation["accuracy"], ".2f"),
                number(mean["loss"], ".3f"),
                number(100 * mean["ece"], ".2f"),
                number(mean["step_ms"], ".2f"),
                f"{arm.parameters:,}",
                f"{arm.multiply_adds / 1e6:.2f}",
            ],
        ),
    ]


def _differences(results, comparisons):
    """A row for each comparison; an arm is named in the first of its rows only."""
    rows, last = [], None
    for one in comparisons:
        texts = [
            beside_words(results, one),
            points(one.difference),
            interval(one.interval),
            p_value(one.p_holm),
        ]
        verdict = _ragged(_escaped(one.verdict.partition(" (")[0]))
        name = "" if one.arm == last else _name(one.arm)
        rows.append([name, *map(_escaped, texts), verdict])
        last = one.arm
    return rows


def _table(caption, label, kinds, head, rows):
    body = "".join(f"{_line(row)}\n" for row in rows)
    return (
        "\\begin{table}\n\\centering\\scriptsize\\setlength{\\tabcolsep}{3pt}\n"
        f"\\caption{{{_escaped(caption)}}}\n\\label{{tab:{label}}}\n"
        f"\\begin{{tabular}}{{{kinds}}}\n\\toprule\n{_line(map(_escaped, head))}\n\\midrule\n"
        f"{body}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n"
    )


def _line(cells):
    return f"{' & '.join(cells)} \\\\"


def _name(text):
    """A name that may break after its marks."""
    return _ragged(re.sub(r"(\\_|[,=:])", r"\1\\allowbreak{}", _escaped(text)))


def _ragged(text):
    return rf"{{\raggedright {text}\par}}"


def _escaped(text):
    return "".join(_ESCAPES.get(mark, mark) for mark in text)

"""A study's tables in Markdown."""

import re

from regard.reports.study.cells import ARMS_HEAD, arms_cells, comparison_cells, comparisons_head

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|&~])")


def study_table_md(results, comparisons):
    r"""Writes what the arms gave, and what they differ by, as two Markdown tables.

    Args:
        results: A `regard.studies.results.Results`.
        comparisons: Its `regard.studies.comparison.Comparison`s.

    Returns:
        The text. Differences are in percentage points; means stand before ± the standard
        deviation over the seeds.
    """
    arms = _table(ARMS_HEAD, arms_cells(results))
    differences = _table(comparisons_head(results.study), comparison_cells(results, comparisons))
    return f"{arms}\n{differences}"


def _table(head, rows):
    lines = [map(_escaped, head), ["---"] + ["---:"] * (len(head) - 1)]
    lines += [map(_escaped, row) for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escaped(text):
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))

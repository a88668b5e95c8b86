"""A study's table for other programs."""

import csv
import io

import numpy as np

from regard.reports.study.arms import MEASURES, summaries

_COMPARED = (
    "difference",
    "low",
    "high",
    "bca_low",
    "bca_high",
    "p",
    "p_holm",
    "p_sign_flip",
    "p_images",
    "improvement",
    "improvement_low",
    "improvement_high",
    "minimum_detectable",
    "needed_seeds",
    "verdict",
)
_HEAD = (
    *("arm", "role", "of", "made_of", "seeds", "parameters", "multiply_adds"),
    *(column for name in MEASURES for column in (name, f"{name}_sd")),
    *("compared", "against", "compared_seeds"),
    *_COMPARED,
)


def study_table_csv(results, comparisons):
    """Writes a row for each arm: its scores, and the comparison that it stands in.

    Accuracies and differences are fractions, not points, with all their digits. The row of a
    design holds its difference from no attention, that of a control its design's difference from
    it: `compared` less `against`. What is not known is empty.

    Args:
        results: A `regard.studies.results.Results`.
        comparisons: Its `regard.studies.comparison.Comparison`s.

    Returns:
        The text of a CSV file.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_HEAD)
    for summary in summaries(results, comparisons):
        writer.writerow(["" if _unknown(value) else value for value in _row(summary)])
    return file.getvalue()


def _row(summary):
    arm = summary.arm
    scores = [v for name in MEASURES for v in (summary.mean[name], summary.deviation[name])]
    return [
        *(arm.name, arm.role, arm.of, arm.made_of, summary.seeds),
        *(arm.parameters, arm.multiply_adds),
        *scores,
        *_comparison(summary.comparison),
    ]


def _comparison(one):
    if one is None:
        return [None] * (3 + len(_COMPARED))
    return [
        *(one.arm, one.against, one.seeds, one.difference, *one.interval),
        *(one.bca or (None, None)),
        *(one.p, one.p_holm, one.p_sign_flip, one.p_images),
        *(one.improvement, *one.improvement_interval),
        *(one.minimum_detectable, one.needed_seeds, one.verdict),
    ]


def _unknown(value):
    return value is None or (isinstance(value, float) and np.isnan(value))

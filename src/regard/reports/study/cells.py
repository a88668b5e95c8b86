"""The cells of a study's two tables, as texts: what the arms gave, and what they differ by."""

from regard.reports.study.arms import summaries
from regard.reports.study.words import (
    beside_words,
    interval,
    level_words,
    number,
    p_value,
    points,
    spread,
)

ARMS_HEAD = (
    "Arm",
    "Seeds",
    "Accuracy, %",
    "Loss, nats",
    "ECE, %",
    "Training, s",
    "Step, ms",
    "Parameters",
    "Multiply-adds",
    "Faithfulness of maps",
)


def arms_cells(results):
    """Returns a row of texts for each arm, under `ARMS_HEAD`: means ± deviations over seeds.

    Args:
        results: A `regard.studies.results.Results`.
    """
    planned = len(results.study.seeds)
    return [_arm(summary, planned) for summary in summaries(results, [])]


def comparisons_head(study):
    """Returns the titles over `comparison_cells`; the intervals are at the study's level."""
    level = level_words(study)
    return (
        "Arm",
        "Beside",
        "Seeds",
        "Difference, points",
        f"{level} interval",
        "BCa interval",
        "p",
        "p (Holm)",
        "p (sign flips)",
        "p (images)",
        "P(better)",
        f"its {level} interval",
        "Detectable, points",
        "Verdict",
    )


def comparison_cells(results, comparisons):
    """Returns a row of texts for each `Comparison`, under `comparisons_head`."""
    return [_comparison(results, one) for one in comparisons]


def _comparison(results, one):
    return [
        one.arm,
        beside_words(results, one),
        f"{one.seeds}",
        points(one.difference),
        interval(one.interval),
        interval(one.bca),
        *map(p_value, (one.p, one.p_holm, one.p_sign_flip, one.p_images)),
        number(one.improvement, ".2f"),
        _fractions(one.improvement_interval),
        points(one.minimum_detectable, "-"),
        one.verdict,
    ]


def _arm(summary, planned):
    mean, deviation, arm = summary.mean, summary.deviation, summary.arm
    return [
        arm.name,
        f"{summary.seeds}" if summary.seeds == planned else f"{summary.seeds} of {planned}",
        spread(100 * mean["accuracy"], 100 * deviation["accuracy"], ".2f"),
        spread(mean["loss"], deviation["loss"], ".3f"),
        spread(100 * mean["ece"], 100 * deviation["ece"], ".2f"),
        number(mean["seconds"], ",.0f"),
        number(mean["step_ms"], ",.2f"),
        f"{arm.parameters:,}",
        f"{arm.multiply_adds:,}",
        number(mean["faithfulness"], "+.3f"),
    ]


def _fractions(ends):
    return f"[{number(ends[0], '.2f')},\N{NO-BREAK SPACE}{number(ends[1], '.2f')}]"

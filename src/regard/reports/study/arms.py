"""What each arm gave over its seeds, and which comparison it stands in."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from regard.studies.comparison import Comparison
from regard.studies.results import Arm

MEASURES = ("accuracy", "loss", "ece", "seconds", "step_ms", "faithfulness")


@dataclass(frozen=True)
class ArmSummary:
    """An arm over its seeds.

    Attributes:
        arm: The arm.
        seeds: Number of seeds with a score.
        mean: Mean of each of `MEASURES` over the seeds, nan where there is none.
        deviation: Standard deviation of each likewise, nan for fewer than two values.
        comparison: A design beside no attention, or the design beside this control of it; None
            for no attention and where there is none.
    """

    arm: Arm
    seeds: int
    mean: Mapping[str, float]
    deviation: Mapping[str, float]
    comparison: Comparison | None


def summaries(results, comparisons):
    """Returns an `ArmSummary` for each arm, in the order of the study.

    Args:
        results: A `regard.studies.results.Results`.
        comparisons: Its comparisons.
    """
    return [_summary(results, arm, comparisons) for arm in results.arms]


def designs(results):
    """Returns the arms that are designs."""
    return [arm for arm in results.arms if arm.role == "design"]


def family(results, design):
    """Returns the arm without attention, a design and its controls, in the order of the study."""
    return [arm for arm in results.arms if arm.role == "none" or design.name in (arm.name, arm.of)]


def baseline(results):
    """Returns the arm without attention."""
    return next(arm for arm in results.arms if arm.role == "none")


def has_controls(results):
    """Whether any design has a control."""
    return any(arm.of for arm in results.arms)


def compared(comparisons, arm, against):
    """Returns the comparison of two arms by their names, or None.

    Example:
        >>> compared([], "cbam", "none") is None
        True
    """
    return next((c for c in comparisons if (c.arm, c.against) == (arm, against)), None)


def scores_of(results, arm):
    """Returns the scores of an arm by seed, in the order of the study."""
    return {seed: results.scores[arm.name, seed] for seed in results.seeds(arm.name)}


def _summary(results, arm, comparisons):
    scores = list(scores_of(results, arm).values())
    values = {name: _numbers(getattr(score, name) for score in scores) for name in MEASURES}
    pair = (arm.of, arm.name) if arm.of else (arm.name, baseline(results).name)
    return ArmSummary(
        arm=arm,
        seeds=len(scores),
        mean={name: float(v.mean()) if len(v) else np.nan for name, v in values.items()},
        deviation={
            name: float(v.std(ddof=1)) if len(v) > 1 else np.nan for name, v in values.items()
        },
        comparison=compared(comparisons, *pair),
    )


def _numbers(values):
    return np.array([value for value in values if value is not None], np.float64)

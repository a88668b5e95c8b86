"""From the scores of a study to its comparisons and verdicts."""

from dataclasses import dataclass

import numpy as np

from regard.studies.comparison import Comparison
from regard.studies.results import Results
from regard.studies.statistics import (
    FEWEST_SEEDS,
    OneLook,
    SpendingLooks,
    bca_interval,
    decide,
    holm,
    improvement,
    improvement_interval,
    mcnemar_p,
    minimum_detectable,
    needed_seeds,
    sign_flip_p,
    spread,
    t_interval,
    t_p,
    undecided,
)


def judge(results: Results) -> list[Comparison]:
    """Compares each design of a study with no attention and with its controls.

    Two arms are compared on the seeds with which both have scores; a training that failed makes
    the comparison shorter. The p values of the designs against no attention are adjusted by Holm.
    With `study.until_decided` the number of seeds tells which look this is: levels, intervals and
    p values are those of `SpendingLooks`.

    Args:
        results: What the trainings gave so far.

    Returns:
        For each design its comparison with no attention, then those with each of its controls
        that has scores.

    Example:
        >>> from regard.studies.results import Arm, Score
        >>> from regard.studies.study import Study
        >>> study = Study(designs=["cbam"], seeds=range(6))
        >>> arms = [Arm("none", "none", None, 0, 0, ""), Arm("cbam", "design", None, 0, 0, "")]
        >>> right = np.arange(100) < 90
        >>> same = Score(0.9, 0.3, 0.0, 1.0, 1.0, right, right, [])
        >>> scores = {(arm.name, seed): same for arm in arms for seed in range(6)}
        >>> judge(Results(study, arms, scores, right, []))[0].verdict
        'no difference worth 0.5 points'
    """
    study = results.study
    looks = _looks(study)
    none = next(arm.name for arm in results.arms if arm.role == "none")
    designs = [arm.name for arm in results.arms if arm.role == "design"]
    pairs = [_Pair.of(results, design, none) for design in designs]
    adjusted = holm([_p(pair, looks) for pair in pairs])
    found = []
    for pair, p_holm in zip(pairs, adjusted, strict=True):
        found.append(_compare(pair, study, looks, float(p_holm), tests=len(pairs)))
        for control in _controls(results, pair.arm):
            beside = _Pair.of(results, pair.arm, control)
            found.append(_compare(beside, study, looks, _p(beside, looks), tests=1))
    return found


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two arms' accuracies, `(seeds,)`, and for each seed what is right, `(images,)`."""

    arm: str
    against: str
    scores: np.ndarray
    others: np.ndarray
    correct: list[np.ndarray]
    others_correct: list[np.ndarray]

    @classmethod
    def of(cls, results, arm, against):
        seeds = results.seeds(arm, against)
        here, there = ([results.scores[name, seed] for seed in seeds] for name in (arm, against))
        return cls(
            arm,
            against,
            np.array([score.accuracy for score in here], np.float64),
            np.array([score.accuracy for score in there], np.float64),
            [score.correct for score in here],
            [score.correct for score in there],
        )

    @property
    def seeds(self):
        return len(self.scores)

    @property
    def differences(self):
        return self.scores - self.others

    @property
    def mean(self):
        return float(self.differences.mean())

    @property
    def spread(self):
        return spread(self.differences, images=len(self.correct[0]))


def _looks(study):
    return (
        SpendingLooks(study.level, len(study.seeds))
        if study.until_decided
        else OneLook(study.level)
    )


def _controls(results, design):
    """Names of the design's controls that have any scores."""
    scored = {name for name, _ in results.scores}
    return [arm.name for arm in results.arms if arm.of == design and arm.name in scored]


def _p(pair, looks):
    """The p of the paired t test, adjusted for the looks."""
    if pair.seeds < 2:
        return 1.0
    return looks.adjusted(float(t_p(pair.mean, pair.spread, pair.seeds)), pair.seeds)


def _compare(pair, study, looks, p_holm, tests):
    if pair.seeds < 2:
        return _nothing_known(pair)
    level = looks.level_at(pair.seeds)
    shape = (pair.mean, pair.spread, pair.seeds)
    interval = tuple(float(end) for end in np.clip(t_interval(*shape, level), -1, 1))
    verdict = decide(pair.seeds, pair.mean, interval, p_holm, study.level, study.worth)
    needed = None if verdict else needed_seeds(*shape, study.worth, looks.level_at, tests)
    rng = np.random.default_rng(0)
    return Comparison(
        arm=pair.arm,
        against=pair.against,
        seeds=pair.seeds,
        difference=pair.mean,
        interval=interval,
        bca=bca_interval(pair.differences, study.level, rng),
        p=float(t_p(*shape)),
        p_holm=p_holm,
        p_sign_flip=sign_flip_p(pair.differences, rng),
        p_images=_p_images(pair),
        improvement=float(improvement(pair.scores, pair.others)),
        improvement_interval=improvement_interval(pair.scores, pair.others, study.level, rng),
        minimum_detectable=min(minimum_detectable(*shape[1:], level), 1.0),
        needed_seeds=needed,
        verdict=verdict or undecided(pair.seeds, needed),
    )


def _nothing_known(pair):
    """What fewer than two seeds show: no spread, so anything is possible."""
    return Comparison(
        arm=pair.arm,
        against=pair.against,
        seeds=pair.seeds,
        difference=pair.mean if pair.seeds else np.nan,
        interval=(-1.0, 1.0),
        bca=None,
        p=1.0,
        p_holm=1.0,
        p_sign_flip=1.0,
        p_images=_p_images(pair),
        improvement=float(improvement(pair.scores, pair.others)) if pair.seeds else np.nan,
        improvement_interval=(0.0, 1.0),
        minimum_detectable=1.0,
        needed_seeds=FEWEST_SEEDS,
        verdict=undecided(pair.seeds, FEWEST_SEEDS),
    )


def _p_images(pair):
    """Median over the seeds of McNemar's mid-p; 1 of no seeds."""
    found = [mcnemar_p(*both) for both in zip(pair.correct, pair.others_correct, strict=True)]
    return float(np.median(found)) if found else 1.0

"""What two arms differ by, over the seeds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """An arm beside another, paired by seed; accuracies are fractions, 0…1.

    Of fewer than two seeds the intervals hold all that is possible and the p values are 1; of none
    the difference and the improvement are nan.

    Attributes:
        arm: Name of the arm.
        against: Name of the other arm.
        seeds: Number of seeds with scores of both.
        difference: Mean accuracy of the arm less that of the other.
        interval: The t interval of the difference at the study's level, or where there are several
            looks at the level of this look, with which the intervals of all looks together hold.
        bca: The BCa bootstrap interval at the study's level, or None where all differences are
            equal.
        p: Of the paired t test, two-sided, not adjusted for anything.
        p_holm: The same, adjusted for the looks where there are several, and by Holm over the
            designs against no attention; of one look it is `p` for a control. To compare with the
            study's level.
        p_sign_flip: Of the exact sign-flip permutation test, two-sided.
        p_images: Median over the seeds of McNemar's mid-p, image by image.
        improvement: Probability that a training of the arm beats one of the other.
        improvement_interval: Of that probability, by bootstrap, at the study's level.
        minimum_detectable: Difference that this many seeds would find with 80 % probability at the
            level of the interval; 1 where they would find none.
        needed_seeds: About how many seeds would decide, 5 to 1000, 1000 meaning that or more; None
            where it is decided.
        verdict: `"helps"`, `"hurts"`, `"no difference worth 0.5 points"` or
            `"cannot tell yet (needs about 12 seeds)"`.
    """

    arm: str
    against: str
    seeds: int
    difference: float
    interval: tuple[float, float]
    bca: tuple[float, float] | None
    p: float
    p_holm: float
    p_sign_flip: float
    p_images: float
    improvement: float
    improvement_interval: tuple[float, float]
    minimum_detectable: float
    needed_seeds: int | None
    verdict: str

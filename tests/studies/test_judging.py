import dataclasses
import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from regard.studies.judging import judge
from regard.studies.results import Arm, Results, Score
from regard.studies.statistics import (
    SpendingLooks,
    bca_interval,
    holm,
    improvement,
    improvement_interval,
    minimum_detectable,
    needed_seeds,
    nominal_levels,
    sign_flip_p,
    t_interval,
    t_p,
)
from regard.studies.study import Study

IMAGES = 10_000
DESIGNS = ("cbam", "eca", "bam")


def score_of(correct):
    """A score with that many of the images right, the first ones."""
    right = np.arange(IMAGES) < correct
    return Score(correct / IMAGES, 0.3, 0.01, 1.0, 1.0, right, np.ones(2), [])


def results_of(correct, controls=(), **settings):
    """Results with counts of right images by arm, each a list by seed; None where it failed."""
    designs = [name for name in correct if name in DESIGNS]
    seeds = range(settings.pop("planned", len(correct["none"])))
    arms = [Arm("none", "none", None, 0, 0, "")]
    for design in designs:
        arms.append(Arm(design, "design", None, 0, 0, ""))
        arms += [Arm(f"{design}, {role}", role, design, 0, 0, "") for role in controls]
    scores = {
        (arm, seed): score_of(count)
        for arm, counts in correct.items()
        for seed, count in enumerate(counts)
        if count is not None
    }
    study = Study(designs=designs, seeds=seeds, **settings)
    return Results(study, arms, scores, np.zeros(IMAGES), ["a", "b"])


BASE = [9200, 9210, 9195, 9220, 9190, 9205, 9215]


def plus(gain, wobble=(3, -4, 5, -2, 0, 1, -3)):
    return [count + gain + w for count, w in zip(BASE, wobble, strict=True)]


def shape_of(counts):
    """Mean, spread and number of the differences to no attention."""
    apart = (np.array(counts) - BASE[: len(counts)]) / IMAGES
    return apart.mean(), apart.std(ddof=1), len(counts)


def test_a_gain_helps_and_a_loss_hurts():
    better, worse = judge(results_of({"none": BASE, "cbam": plus(100), "eca": plus(-100)}))
    assert (better.arm, better.against, better.seeds) == ("cbam", "none", 7)
    assert (better.verdict, worse.verdict) == ("helps", "hurts")
    assert better.difference == pytest.approx(0.01)
    assert better.needed_seeds is None
    assert (better.improvement, worse.improvement) == (1, 0)


def test_figures_are_those_of_the_statistics():
    counts = plus(5, (60, -20, 9, 30, -70, 15, 80))
    found = judge(results_of({"none": BASE, "cbam": counts}))[0]
    shape = shape_of(counts)
    assert found.interval == pytest.approx(t_interval(*shape, 0.05))
    assert found.p == pytest.approx(t_p(*shape)) == found.p_holm
    scores, others = np.array(counts) / IMAGES, np.array(BASE) / IMAGES
    rng = np.random.default_rng(0)
    assert found.bca == bca_interval(scores - others, 0.05, rng)
    assert found.improvement == improvement(scores, others)
    assert found.improvement_interval == improvement_interval(scores, others, 0.05, rng)
    assert found.p_sign_flip == sign_flip_p(scores - others, rng)
    assert found.minimum_detectable == pytest.approx(minimum_detectable(*shape[1:], 0.05))


def test_a_small_difference_is_negligible_however_clear():
    found = judge(results_of({"none": BASE, "cbam": plus(20)}))[0]
    assert found.p < 0.01
    assert found.verdict == "no difference worth 0.5 points"


def test_designs_are_adjusted_together_and_controls_apart():
    correct = {"none": BASE, "cbam": plus(100), "eca": plus(20), "bam": plus(1)}
    correct |= {"cbam, frozen": plus(50), "eca, shuffled": plus(19)}
    found = judge(results_of(correct, controls=("frozen", "shuffled")))
    assert [(one.arm, one.against) for one in found] == [
        ("cbam", "none"),
        ("cbam", "cbam, frozen"),
        ("eca", "none"),
        ("eca", "eca, shuffled"),
        ("bam", "none"),
    ]
    against_none = [one for one in found if one.against == "none"]
    adjusted = [one.p_holm for one in against_none]
    assert adjusted == holm([one.p for one in against_none]).tolist()
    assert all(one.p_holm == one.p for one in found if one.against != "none")


def test_holm_decides():
    """A p of about 0.03 is enough of one design, and not of three."""
    wobble = (90, -60, 80, 10, 150, -40, 130)
    alone = {"none": BASE, "cbam": plus(35, wobble)}
    one = judge(results_of(alone, worth=0.0))[0]
    assert 0.02 < one.p < 0.05 and one.verdict == "helps"
    beside = alone | {"eca": plus(3, wobble[::-1]), "bam": plus(-20, wobble[::-1])}
    among_three = judge(results_of(beside, worth=0.0))[0]
    assert among_three.p == one.p and among_three.p_holm > 0.05
    assert among_three.verdict.startswith("cannot tell yet (needs about")
    shape = shape_of(alone["cbam"])
    assert among_three.needed_seeds == needed_seeds(*shape, 0.0, lambda seeds: 0.05, tests=3)
    assert among_three.needed_seeds > needed_seeds(*shape, 0.0, lambda seeds: 0.05)


def test_only_seeds_of_both_count():
    short = [None, *plus(100)[1:6], None]
    found = judge(results_of({"none": BASE, "cbam": short}))[0]
    assert found.seeds == 5
    same = judge(results_of({"none": BASE[1:6], "cbam": plus(100)[1:6]}))[0]
    assert dataclasses.astuple(found) == dataclasses.astuple(same)


@pytest.mark.parametrize("seeds", [0, 1, 2, 3, 4])
def test_fewer_than_five_seeds_decide_nothing(seeds):
    design = plus(500)[:seeds] + [None] * (7 - seeds)
    found = judge(results_of({"none": BASE, "cbam": design}))[0]
    assert found.seeds == seeds
    assert found.verdict == "cannot tell yet (needs at least 5 seeds)"
    assert found.needed_seeds >= 5
    assert -1 <= found.interval[0] < found.interval[1] <= 1


def test_of_no_seeds_everything_is_possible():
    found = judge(results_of({"none": BASE, "cbam": [None] * 7}))[0]
    assert math.isnan(found.difference) and math.isnan(found.improvement)
    assert (found.interval, found.improvement_interval) == ((-1, 1), (0, 1))
    assert found.p == found.p_holm == found.p_sign_flip == found.p_images == 1
    assert (found.bca, found.minimum_detectable, found.needed_seeds) == (None, 1, 5)


def test_of_one_seed_the_difference_is_told():
    found = judge(results_of({"none": BASE, "cbam": [*plus(103)[:1], *[None] * 6]}))[0]
    assert found.difference == pytest.approx(0.0106)
    assert found.improvement == 1
    assert 0 < found.p_images < 1e-20


def test_a_control_without_scores_is_left_out():
    found = judge(results_of({"none": BASE, "cbam": plus(0)}, controls=("frozen",)))
    assert [one.against for one in found] == ["none"]


def test_identical_results_are_no_difference():
    found = judge(results_of({"none": BASE, "cbam": BASE}))[0]
    assert (found.difference, found.p, found.p_sign_flip, found.p_images) == (0, 1, 1, 1)
    assert (found.bca, found.improvement) == (None, 0.5)
    assert found.interval[0] < 0 < found.interval[1]
    assert found.verdict == "no difference worth 0.5 points"


def test_a_constant_gain_helps():
    constant = judge(results_of({"none": BASE, "cbam": [count + 100 for count in BASE]}))[0]
    assert constant.verdict == "helps"
    assert constant.bca is None and 0 < constant.p < 0.001


def test_identical_results_on_few_images_show_little():
    """Of 20 images an accuracy is known to a twentieth: equal counts are no proof."""
    results = results_of({"none": BASE, "cbam": BASE})
    right = np.arange(20) < 18
    few = dataclasses.replace(score_of(9000), correct=right, accuracy=0.9)
    coarse = dataclasses.replace(results, scores=dict.fromkeys(results.scores, few))
    assert judge(coarse)[0].verdict.startswith("cannot tell yet (needs about")


def test_images_are_compared_seed_by_seed():
    """With 100 images more right in each seed, and none less, each seed says so, and the median."""
    found = judge(results_of({"none": BASE, "cbam": plus(100)}))[0]
    assert 0 < found.p_images < 1e-20
    assert judge(results_of({"none": BASE, "cbam": plus(0)}))[0].p_images > 0.05


def test_images_are_compared_in_the_median_of_the_seeds():
    gains = (0, 0, 5, 100, 100)
    correct = {"none": BASE[:5], "cbam": [b + g for b, g in zip(BASE, gains, strict=False)]}
    assert judge(results_of(correct))[0].p_images == pytest.approx(2 / 2**5 - 1 / 2**5)


def test_judging_repeats():
    results = results_of({"none": BASE, "cbam": plus(30)})
    assert judge(results) == judge(results)


class TestUntilDecided:
    def test_the_look_has_its_own_level(self):
        results = results_of(
            {"none": BASE, "cbam": plus(30)}, until_decided=True, planned=10, level=0.1
        )
        found = judge(results)[0]
        level = nominal_levels((5, 6, 7), 10, 0.1)[-1]
        shape = shape_of(plus(30))
        assert found.interval == pytest.approx(t_interval(*shape, level))
        assert found.p == pytest.approx(t_p(*shape))
        assert found.p_holm == pytest.approx(SpendingLooks(0.1, 10).adjusted(found.p, 7))

    def test_what_a_planned_study_finds_a_look_may_not(self):
        counts = {"none": BASE[:5], "cbam": plus(60, (40, -30, 20, -20, 10, 0, 0))[:5]}
        assert judge(results_of(counts))[0].verdict == "helps"
        found = judge(results_of(counts, until_decided=True, planned=20))[0]
        assert found.verdict.startswith("cannot tell yet (needs about")
        looks = SpendingLooks(0.05, 20)
        expected = needed_seeds(*shape_of(counts["cbam"]), 0.005, looks.level_at)
        assert found.needed_seeds == expected > 6

    def test_far_from_the_end_anything_is_possible(self):
        counts = {"none": BASE[:5], "cbam": plus(60, (40, -30, 20, -20, 10, 0, 0))[:5]}
        found = judge(results_of(counts, until_decided=True, planned=100))[0]
        assert found.interval == (-1, 1)
        assert found.minimum_detectable == 1

    def test_an_early_answer_is_possible_either_way(self):
        counts = {"none": BASE[:6], "cbam": plus(300)[:6], "eca": plus(1)[:6]}
        found = judge(results_of(counts, until_decided=True, planned=12))
        assert [one.verdict for one in found] == ["helps", "no difference worth 0.5 points"]

    def test_of_fewer_planned_than_five_nothing_is_decided(self):
        counts = {"none": BASE[:4], "cbam": plus(300)[:4]}
        found = judge(results_of(counts, until_decided=True))[0]
        assert found.verdict == "cannot tell yet (needs at least 5 seeds)"


def test_the_simulated_studies_are_judged_alike():
    """What benchmarks/false_alarms.py decides for many studies is what `judge` says of each."""
    path = Path(__file__).parents[2] / "benchmarks" / "false_alarms.py"
    spec = importlib.util.spec_from_file_location("false_alarms", path)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    counts = np.rint(benchmark.accuracies(6, 4, 0.004) * IMAGES).astype(int)
    apart = (counts[:, 1:] - counts[:, :1]) / IMAGES
    level = SpendingLooks(benchmark.LEVEL, benchmark.MOST).level_at(9)
    adjust = benchmark.adjuster(9, designs=3)
    quick = benchmark.verdicts(apart[:, :, :9], 0.005, level, adjust).tolist()
    for study, expected in zip(counts[:, :, :9].tolist(), quick, strict=True):
        correct = dict(zip(("none", *DESIGNS), study, strict=True))
        found = judge(results_of(correct, until_decided=True, planned=benchmark.MOST))
        said = [one.verdict.partition(" (")[0] for one in found]
        assert said == expected

import dataclasses

import numpy as np
import pytest

from regard.reports.study.arms import family
from regard.reports.study.classes import class_differences
from regard.reports.study.cost import cost_and_gain, unbeaten
from regard.reports.study.forest import forest, shared_limits
from regard.reports.study.learning import by_epoch, learning
from regard.reports.study.per_seed import per_seed
from tests.reports.study.made_up import made_up


@pytest.fixture(scope="module")
def study():
    return made_up(seeds=5)


def without(results, *keys):
    scores = {key: score for key, score in results.scores.items() if key not in keys}
    return dataclasses.replace(results, scores=scores)


def of(comparisons, arm, against="none"):
    return next(one for one in comparisons if (one.arm, one.against) == (arm, against))


def test_forest_shows_each_interval_and_all_of_each_name(study):
    one = of(study[1], "cbam")
    long = "halo:heads=2,block_size=7,halo_size=3,filters=64,key_channels=16,use_bias=True"
    figure = forest([("over none", one), (long, one)], 0.005, (-3, 3))
    (axes,) = figure.axes
    ends = [list(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2]
    np.testing.assert_allclose(ends, [[100 * end for end in one.interval]] * 2)
    texts = [text.get_text() for text in axes.texts]
    assert "over none" in texts
    assert "".join(t for t in texts if "[" not in t).replace(" ", "").endswith(long)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    for number, box in enumerate(boxes):
        assert box.x1 <= figure.bbox.x1 + 1
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def test_limits_hold_everything_and_skip_what_is_not_a_number(study):
    results, comparisons = study
    unknown = dataclasses.replace(comparisons[0], interval=(np.nan, np.inf))
    low, high = shared_limits([*comparisons, unknown], results.study.worth)
    for one in comparisons:
        assert low < 100 * one.interval[0] and 100 * one.interval[1] < high
    assert low < -0.5 and high > 0.5


def test_seeds_are_drawn_as_they_are_and_joined(study):
    results = without(study[0], ("cbam", 2))
    arms = family(results, results.arms[1])
    (axes,) = per_seed(results, arms).axes
    lines = np.array([line.get_ydata() for line in axes.lines[:5]])
    assert np.isnan(lines[2, 1]) and np.isfinite(lines).sum() == lines.size - 1
    assert lines[3, 1] == 100 * results.scores["cbam", 3].accuracy
    assert len(axes.get_xticklabels()) == len(arms)


def test_an_arm_without_any_score_is_empty(study):
    results = without(study[0], *(("cbam", seed) for seed in range(5)))
    (axes,) = per_seed(results, family(results, results.arms[1])).axes
    assert np.isnan([line.get_ydata()[1] for line in axes.lines[:5]]).all()


def test_learning_shows_mean_and_range(study):
    results, _ = study
    (axes,) = learning(results, results.arms[:2], "val_accuracy").axes
    curves = [[e["val_accuracy"] for e in results.scores["cbam", s].curve] for s in range(5)]
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 100 * np.mean(curves, axis=0))
    ends = axes.collections[1].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose(
        [ends.min(), ends.max()], 100 * np.array([np.min(curves), np.max(curves)])
    )
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["none", "attention"]


def test_one_epoch_is_points_beside_each_other():
    results, _ = made_up(seeds=3, epochs=1)
    (axes,) = learning(results, results.arms[:4], "val_loss").axes
    places = [line[0].get_xdata()[0] for line in (c.lines for c in axes.containers)]
    assert len(set(places)) == 4 and np.mean(places) == pytest.approx(1)


def test_curves_of_unequal_length_and_without_validation():
    epochs, values = by_epoch(
        [[{"epoch": 1, "x": 1.0}, {"epoch": 2, "x": 3.0}], [{"epoch": 1}]], "x"
    )
    assert epochs.tolist() == [1, 2]
    assert values.tolist() == [[1, 3]] * 3
    assert by_epoch([], "x")[0].size == 0


def test_cost_beside_gain(study):
    pair = [of(study[1], "cbam"), of(study[1], "pixel:units=32")]
    figure = cost_and_gain([1.0, 2.0, 400.0], pair, "time")
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.texts] == ["1", "2"]
    figure.draw_without_rendering()


@pytest.mark.parametrize(("worst", "scale"), [(-0.09, "linear"), (-0.2, "symlog")])
def test_differences_far_apart_are_all_readable(study, worst, scale):
    rows = [("some", study[1][0]), ("worst", dataclasses.replace(study[1][0], difference=worst))]
    limits = shared_limits([one for _, one in rows], 0.005)
    axes = forest(rows, 0.005, limits).axes[0]
    assert axes.get_xscale() == scale
    assert axes.get_xlim()[0] < 100 * worst
    assert cost_and_gain([1, 2, 3], [one for _, one in rows], "time").axes[0].get_yscale() == scale


def test_what_costs_the_same_and_gains_less_is_beaten():
    assert unbeaten([1, 1, 2], [0, 0.5, 0.5]) == [1]


def test_class_differences_are_means_with_t_intervals(study):
    results, _ = study
    mean, low, high = class_differences(results, "cbam", "none")
    recalls = np.array([[results.scores[a, s].recall for s in range(5)] for a in ("cbam", "none")])
    differences = recalls[0] - recalls[1]
    np.testing.assert_allclose(mean, differences.mean(axis=0))
    half = 2.776445105 * differences.std(axis=0, ddof=1) / np.sqrt(5)
    np.testing.assert_allclose([low, high], [mean - half, mean + half])


def test_classes_that_are_in_no_test_image_have_no_difference(study):
    results, _ = study
    scores = {
        key: dataclasses.replace(score, recall=np.where(np.arange(10) == 4, np.nan, score.recall))
        for key, score in results.scores.items()
    }
    found = class_differences(dataclasses.replace(results, scores=scores), "cbam", "none")
    assert np.isnan(found[:, 4]).all() and np.isfinite(np.delete(found, 4, axis=1)).all()


def test_one_seed_gives_a_difference_without_an_interval(study):
    results = without(study[0], *(("cbam", seed) for seed in range(1, 5)))
    mean, low, _ = class_differences(results, "cbam", "none")
    assert np.isfinite(mean).all() and np.isnan(low).all()
    assert np.isnan(class_differences(without(results, ("cbam", 0)), "cbam", "none")).all()

import dataclasses
import re
import tomllib
from html import unescape

import numpy as np
import pytest

from regard.reports.study import (
    study_report,
    study_table_csv,
    study_table_md,
    study_table_tex,
    write_study,
)
from regard.reports.study.answer import answer_lines, beside_controls, headline, notices
from regard.reports.study.many import by_gain
from regard.reports.study.methods import methods_text
from regard.reports.study.side_by_side import side_by_side
from regard.studies.judging import judge
from regard.studies.study import Study
from tests.reports.page_check import Checker
from tests.reports.study.made_up import made_up

NASTY = "<script>alert('x')</script> & 100%_"


class Page(Checker):
    def handle_startendtag(self, tag, attrs):
        """Takes an element of SVG that closes itself."""


@pytest.fixture(scope="module")
def study():
    return made_up(["cbam"], seeds=5)


@pytest.fixture(scope="module")
def page(study):
    return study_report(*study)


def check(page):
    checker = Page()
    checker.feed(page)
    assert checker.open == []
    assert not re.search(r"(src|href)=\"(?!data:|#)[^\"]", page)
    assert "<script" not in page
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))


def words_of(page):
    return unescape(
        re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<style>.*?</style>|<svg.*?</svg>", "", page))
    )


def test_page_is_whole_and_loads_nothing(page):
    check(page)
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "holds its compilation" not in page


def test_answer_comes_first_with_difference_and_interval(study, page):
    results, comparisons = study
    for design in results.study.designs:
        one = next(c for c in comparisons if (c.arm, c.against) == (design, "none"))
        shown = page[: page.index("<section>")]
        assert f"{100 * one.difference:+.2f}".replace("-", "\N{MINUS SIGN}") in shown
        assert one.verdict in shown
        assert "5 seeds" in shown


def test_every_arm_is_named(study, page):
    for arm in study[0].arms:
        assert f">{arm.name}<" in page


def test_fewer_than_five_seeds_are_no_result(page):
    assert "not a result" not in page
    results, comparisons = made_up(["cbam"], seeds=4, controls=())
    assert "This is not a result" in study_report(results, comparisons)


def test_five_planned_seeds_of_which_one_failed_are_no_result(study):
    results, _ = study
    scores = {key: score for key, score in results.scores.items() if key != ("cbam", 1)}
    results = dataclasses.replace(results, scores=scores)
    assert "This is not a result" in notices(results) and "only 4 seeds" in notices(results)


def test_a_design_that_failed_does_not_make_the_others_no_result():
    results, _ = made_up(["cbam", "eca"], seeds=5, controls=())
    scores = {key: score for key, score in results.scores.items() if key[0] != "cbam"}
    said = notices(dataclasses.replace(results, scores=scores))
    assert "Of cbam this is not a result" in said and "eca" not in said


def test_every_failed_training_and_missing_control_is_named(study):
    results, _ = study
    failed = {("cbam", 3): NASTY, ("none", 0): "the disk was full"}
    scores = {key: score for key, score in results.scores.items() if key not in failed}
    left = {"cbam, equal time": "no convolution is as slow"}
    results = dataclasses.replace(results, scores=scores, failed=failed, left_out=left)
    page = study_report(results, judge(results))
    check(page)
    words = words_of(page)
    assert f"cbam, seed 3: {NASTY}" in words
    assert "none, seed 0: the disk was full" in words
    assert "cbam, equal time: no convolution is as slow" in words
    assert "2 trainings failed; see below." in words
    assert "over no attention, 3 seeds; 2 trainings failed." in words
    assert "Left out, see below: equal time." in words


def test_a_training_that_diverged_counts_and_is_named(study):
    results, _ = study
    ended = {"diverged": NASTY, "curve": [], "step_ms": None}
    scores = results.scores | {
        (name, 3): dataclasses.replace(results.scores[name, 3], **ended)
        for name in ("cbam", "cbam, shuffled")
    }
    results = dataclasses.replace(results, scores=scores)
    page = study_report(results, judge(results))
    check(page)
    words = words_of(page)
    assert f"cbam, seed 3: {NASTY}" in words
    assert "1 training diverged; see below." in words
    assert "seeds; 1 training diverged." in words
    assert "count with their best epoch before" in methods_text(results)


def test_a_terminal_is_told_as_the_page_and_where_the_rest_is(study):
    results, _ = study
    left = dataclasses.replace(results, left_out={"cbam, equal time": "no convolution is as slow"})
    _, beside = answer_lines(left, judge(left))
    assert beside.endswith("Left out, see the report: equal time.")
    empty = dataclasses.replace(results, scores={})
    (line,) = answer_lines(empty, judge(empty))
    assert line.startswith("cbam: no answer")


def test_controls_are_not_told_of_where_there_are_none(study, page):
    results, comparisons = made_up(["cbam"], seeds=5, controls=())
    alone = study_report(results, comparisons) + study_table_tex(results, comparisons)
    named = (
        "cbam and its controls",
        "maps of other images is not trained",
        "those beside controls",
        "controls below",
        "p beside no attention",
    )
    for words in named:
        assert words not in alone and words in page + study_table_tex(*study), words


def test_an_open_verdict_beside_zero_is_explained(study):
    results, comparisons = study
    first = dataclasses.replace(comparisons[0], interval=(0.001, 0.02), needed_seeds=7)
    beside = dataclasses.replace(first, verdict="cannot tell yet (needs about 7 seeds)")
    told = [study_report(results, [one]) for one in (beside, comparisons[0])]
    assert ["(Holm); the intervals" in page for page in told] == [True, False]
    assert "(Holm); the intervals" in answer_lines(results, [beside])[-1]


def test_names_are_escaped():
    results, _ = made_up(["cbam"], seeds=5, controls=())
    arms = [results.arms[0], dataclasses.replace(results.arms[1], name=NASTY, made_of=NASTY)]
    scores = {(NASTY if a == "cbam" else a, s): score for (a, s), score in results.scores.items()}
    results = dataclasses.replace(
        results,
        arms=arms,
        scores=scores,
        class_names=[NASTY] * 10,
        about={NASTY: NASTY},
        maps={NASTY: results.maps["cbam"]},
    )
    page = study_report(results, judge(results))
    check(page)
    assert words_of(page).count(NASTY) > 20


@pytest.mark.parametrize("left", [None, np.zeros((0, 28, 28, 1), np.uint8)])
def test_without_maps_there_is_no_section_of_them(study, page, left):
    assert "Where they look" in page
    results = study[0]
    assert not side_by_side(dataclasses.replace(results, maps={}))
    assert not side_by_side(dataclasses.replace(results, map_images=left))


def test_what_must_be_known_of_the_data_is_a_notice(study):
    about = {"Notice": "A tenth of <the set>"}
    page = notices(dataclasses.replace(study[0], about=about))
    assert page == '<p class="notice">A tenth of &lt;the set&gt;</p>'


def test_maps_are_those_of_each_arm_and_flat_ones_are_told(study):
    results, _ = study
    maps = {"cbam": np.full((3, 7, 7), 0.5), "none": results.maps["cbam"]}
    page = side_by_side(dataclasses.replace(results, maps=maps))
    table = re.search(r'(?s)<table class="maps">.*?</table>', page)[0]
    assert table.count("<img") == 3 * 3 + 2
    assert table.count("uniform") == 3
    assert re.findall(r'<th scope="col">([^<]*)', table) == ["image", "none", "cbam"]


def test_nothing_done_yet_still_makes_a_page():
    results, _ = made_up(["cbam"], seeds=5)
    empty = dataclasses.replace(results, scores={}, maps={}, about={})
    page = study_report(empty, judge(empty))
    check(page)
    assert "cbam: no answer" in page
    assert "nan" not in words_of(page)
    assert "How large is the difference?" not in page
    assert "This is not a result" in page


def test_many_designs_with_long_names_and_one_epoch():
    designs = [
        f"multi_head_pixel:heads=4,key_channels={n},key_value_heads=2" for n in range(12, 18)
    ]
    results, comparisons = made_up(designs, seeds=2, epochs=1, controls=["frozen"])
    page = study_report(results, comparisons)
    check(page)
    assert "holds its compilation" in page
    for design in designs:
        assert design in page


def test_more_designs_than_fit_are_told_by_verdict_and_the_best_are_shown():
    designs = [f"multi_head_pixel:heads=4,key_channels={n}" for n in range(8, 17)]
    results, comparisons = made_up(designs, seeds=5, controls=["frozen"])
    page = study_report(results, comparisons)
    check(page)
    over_none = {one.arm: one for one in comparisons if one.against == "none"}
    order = sorted(designs, key=lambda name: -over_none[name].difference)
    answer = words_of(page[: page.index("<section>")])
    for design in designs:
        assert answer.count(f"{design} ") == 1
        assert page.count(f"<figcaption>{design}: validation loss") == (design in order[:6])
        assert words_of(page).count(f" {design} ") >= 4  # the answer and the tables
    alike = [name for name in order if over_none[name].verdict == over_none[order[0]].verdict]
    places = [answer.index(f"{name} ") for name in alike]
    assert places == sorted(places)
    lines = answer_lines(results, comparisons)
    verdicts = {one.verdict.split(" (")[0] for one in over_none.values()}
    assert len([line for line in lines if "gain" not in line]) == 2 + len(verdicts)
    assert words_of(page).count("numbers are those of all designs") == 1


def test_of_many_designs_the_controls_of_those_that_help_are_told():
    designs = [f"pixel:units={n}" for n in range(1, 8)]
    results, comparisons = made_up(designs, seeds=5, controls=["frozen"])
    verdicts = {(design, "none"): "helps" for design in designs[:4]}
    verdicts |= {(design, f"{design}, frozen"): "helps" for design in designs[2:]}
    comparisons = [
        dataclasses.replace(one, verdict=verdicts.get((one.arm, one.against), "cannot tell yet"))
        for one in comparisons
    ]
    left = dataclasses.replace(results, left_out={f"{designs[5]}, equal time": "none fits"})
    *told, last = answer_lines(left, comparisons)[-3:]
    more, own = sorted(told)
    assert more.startswith("The gain is more than these controls explain: ")
    assert own.startswith("The gain is not shown to be the attention's own: ")
    for line, of in ((more, designs[2:4]), (own, designs[:2])):
        assert sorted(re.findall(r"pixel:units=\d", line)) == of
    assert last == f"Controls left out, see the report: {designs[5]}, equal time."
    assert "left out, see below" in words_of(study_report(left, comparisons))
    alone, comparisons = made_up(designs, seeds=5, controls=())
    assert not any("gain" in line for line in answer_lines(alone, comparisons))


def test_many_designs_of_which_one_has_no_scores_stay_in_order():
    designs = [f"pixel:units={n}" for n in range(1, 10)]
    results, _ = made_up(designs, seeds=5, controls=())
    scores = {key: score for key, score in results.scores.items() if key[0] != designs[4]}
    some = dataclasses.replace(results, scores=scores)
    comparisons = judge(some)
    found = [one.difference for _, one in by_gain(some, comparisons)]
    assert found == sorted(found, reverse=True) and len(found) == 8
    assert f"No answer, for want of seeds: {designs[4]}." in answer_lines(some, comparisons)


def test_many_designs_without_any_scores_make_a_page():
    results, _ = made_up([f"pixel:units={n}" for n in range(1, 9)], seeds=5, controls=())
    empty = dataclasses.replace(results, scores={}, maps={})
    page = study_report(empty, judge(empty))
    check(page)
    assert "No answer, for want of seeds: 8" in page


def test_one_seed_of_a_control_says_nothing_of_it(study):
    results, _ = study
    gone = [("cbam, frozen", seed) for seed in range(1, 5)]
    scores = {key: score for key, score in results.scores.items() if key not in gone}
    results = dataclasses.replace(results, scores=scores)
    page = study_report(results, judge(results))
    assert "over itself with" in page
    assert "over its own layer frozen" not in page


def test_controls_are_told_by_what_they_show(study):
    results, comparisons = study
    design = results.arms[1]

    def judged(**verdicts):
        return [dataclasses.replace(c, verdict=verdicts[_key(c)]) for c in comparisons[:5]]

    all_better = dict.fromkeys(["none", "frozen", "parameters", "time", "shuffled"], "helps")
    assert "more than these controls explain" in beside_controls(
        results, judged(**all_better), design
    )
    some = all_better | {"parameters": "cannot tell yet (needs about 9 seeds)", "time": "hurts"}
    text = beside_controls(results, judged(**some), design)
    assert "cannot yet be told from a convolution of as many parameters" in text
    assert "is worse than a convolution of as much time" in text
    assert "not shown to be the attention's own" in text
    unsure = some | {"none": "no difference worth 0.5 points"}
    assert "gain" not in beside_controls(results, judged(**unsure), design)
    assert headline(results, judged(**unsure), design).startswith(
        "cbam: no difference worth 0.5 points: "
    )


def test_settings_that_repeat_the_study_are_in_the_page(study, page):
    settings = unescape(re.findall(r"(?s)<pre[^>]*><code>(.*?)</code>", page)[-1])
    assert Study(**tomllib.loads(settings)) == study[0].study


def test_written_files_are_written_anew(study, tmp_path):
    (tmp_path / "table.md").write_text("old")
    write_study(tmp_path, *study)
    names = ["references.bib", "report.html", "table.csv", "table.md", "table.tex"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert (tmp_path / "table.md").read_text("utf-8") == study_table_md(*study)
    assert (tmp_path / "table.csv").read_text("utf-8") == study_table_csv(*study)
    assert (tmp_path / "table.tex").read_text("utf-8") == study_table_tex(*study)
    bib = (tmp_path / "references.bib").read_text()
    assert "1807.06521" in bib and "2103.03098" in bib


def test_the_same_study_makes_the_same_page(study, page):
    assert study_report(*study) == page


def _key(comparison):
    return comparison.against.split(", ")[-1].split()[-1]


def test_a_study_that_stopped_early_says_how_many_seeds_it_took():
    results, comparisons = made_up(["cbam"], seeds=9, until_decided=True)
    scores = {key: score for key, score in results.scores.items() if key[1] < 6}
    early = dataclasses.replace(results, scores=scores)
    assert "network tutorial, 6 seeds" in words_of(study_report(early, judge(early)))
    assert "over 6 seeds." in study_table_tex(early, comparisons)
    del scores["cbam", 0]
    assert "over 5 to 6 seeds." in study_table_tex(early, comparisons)


def test_the_title_names_the_images_that_were_given(study):
    results, comparisons = study
    own = dataclasses.replace(results, about={"Data": "moles: 90 train, 10 test images"})
    assert "<title>Does attention help on moles?" in study_report(own, comparisons)


def test_a_control_is_left_out_of_its_own_design_only():
    names = ["pixel:units=8", "pixel:units=8, use_scale=True"]
    results, comparisons = made_up(names, seeds=5)
    results = dataclasses.replace(results, left_out={f"{names[1]}, frozen": "it has no weights"})
    first, second = (arm for arm in results.arms if arm.role == "design")
    assert "Left out" not in beside_controls(results, comparisons, first)
    assert "Left out, see below: frozen." in beside_controls(results, comparisons, second)

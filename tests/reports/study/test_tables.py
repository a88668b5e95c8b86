import csv
import dataclasses
import io
import re
import shutil
import subprocess

import numpy as np
import pytest

from regard.reports.study import study_table_csv, study_table_md, study_table_tex
from regard.studies.judging import judge
from regard.studies.results import Arm
from tests.reports.study.made_up import made_up

NASTY = r"a&b<c>_d%e#f$g{h}~i^j|k\l*m[n]`o"


def has_booktabs():
    if not (shutil.which("pdflatex") and shutil.which("kpsewhich")):
        return False
    return subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def study():
    return made_up(seeds=5)


@pytest.fixture(scope="module")
def nasty():
    """A study whose second arm has every character that a format could stumble over."""
    results, _ = made_up(["cbam"], seeds=5, controls=())
    arms = [results.arms[0], dataclasses.replace(results.arms[1], name=NASTY)]
    scores = {(NASTY if a == "cbam" else a, s): score for (a, s), score in results.scores.items()}
    results = dataclasses.replace(results, arms=arms, scores=scores)
    return results, judge(results)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def cells_of(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_csv_holds_the_means_of_the_scores(study):
    results, comparisons = study
    rows = rows_of(study_table_csv(results, comparisons))
    assert [row["arm"] for row in rows] == [arm.name for arm in results.arms]
    for row in rows:
        scores = [results.scores[row["arm"], seed] for seed in results.study.seeds]
        for name in ("accuracy", "loss", "ece", "seconds", "step_ms"):
            values = [getattr(score, name) for score in scores]
            assert float(row[name]) == pytest.approx(np.mean(values), rel=1e-12)
            assert float(row[f"{name}_sd"]) == pytest.approx(np.std(values, ddof=1), rel=1e-12)


def test_csv_compares_a_design_with_none_and_with_its_controls(study):
    results, comparisons = study
    rows = {row["arm"]: row for row in rows_of(study_table_csv(results, comparisons))}
    assert rows["none"]["difference"] == ""
    for arm, compared, against in [
        ("cbam", "cbam", "none"),
        ("cbam, equal time", "cbam", "cbam, equal time"),
    ]:
        row = rows[arm]
        one = next(c for c in comparisons if (c.arm, c.against) == (compared, against))
        assert (row["compared"], row["against"], row["verdict"]) == (compared, against, one.verdict)
        assert float(row["difference"]) == one.difference
        assert (float(row["low"]), float(row["high"])) == one.interval


def test_csv_holds_all_that_a_comparison_has(study):
    results, comparisons = study
    one = dataclasses.replace(comparisons[0], p=0.1, p_holm=0.2, p_sign_flip=0.3, p_images=0.4)
    row = rows_of(study_table_csv(results, [one]))[1]
    for name in ("p", "p_holm", "p_sign_flip", "p_images", "improvement", "minimum_detectable"):
        assert float(row[name]) == getattr(one, name)
    for name, ends in {"bca": one.bca, "improvement": one.improvement_interval}.items():
        assert (float(row[f"{name}_low"]), float(row[f"{name}_high"])) == ends


def test_markdown_rounds_the_same_means(study):
    results, comparisons = study
    lines = study_table_md(results, comparisons).splitlines()
    row = next(cells for cells in map(cells_of, lines) if cells and cells[0] == "cbam")
    scores = [results.scores["cbam", seed] for seed in results.study.seeds]

    def mean(name):
        return np.mean([getattr(score, name) for score in scores])

    spread = np.std([100 * score.accuracy for score in scores], ddof=1)
    assert row[1:3] == ["5", f"{100 * mean('accuracy'):.2f} ± {spread:.2f}"]
    assert [cell.split(" ")[0] for cell in row[3:]] == [
        f"{mean('loss'):.3f}",
        f"{100 * mean('ece'):.2f}",
        f"{mean('seconds'):.0f}",
        f"{mean('step_ms'):.2f}",
        "94,022",
        "4,213,000",
        f"{mean('faithfulness'):+.3f}",
    ]


def test_an_arm_is_beside_a_role_of_its_own_and_else_a_name(study):
    results, comparisons = study
    foreign = dataclasses.replace(comparisons[1], arm="pixel:units=32")
    table = study_table_md(results, [*comparisons[:2], foreign]).split("\n\n")[1]
    beside = [cells_of(line)[1] for line in table.splitlines()[2:]]
    assert beside == ["no attention", "frozen", "cbam, frozen"]


def test_markdown_has_a_row_for_each_arm_and_comparison(study):
    results, comparisons = study
    tables = study_table_md(results, comparisons).split("\n\n")
    assert [len(table.splitlines()) - 2 for table in tables] == [
        len(results.arms),
        len(comparisons),
    ]
    for table in tables:
        assert len({len(cells_of(line)) for line in table.splitlines()}) == 1


def test_names_are_escaped(nasty):
    results, comparisons = nasty
    assert [row["arm"] for row in rows_of(study_table_csv(results, comparisons))] == ["none", NASTY]
    markdown = study_table_md(results, comparisons)
    row = cells_of(markdown.splitlines()[3])
    assert re.sub(r"\\(.)", r"\1", row[0]) == NASTY
    tex = study_table_tex(results, comparisons)
    assert r"a\&b\textless{}c\textgreater{}\_\allowbreak{}d\%e\#f\$g\{h\}" in tex
    assert r"\textasciitilde{}i\textasciicircum{}j\textbar{}k\textbackslash{}l" in tex


def test_tex_is_balanced_and_leaves_no_special_mark_bare(nasty, study):
    for results, comparisons in (nasty, study):
        tex = study_table_tex(results, comparisons)
        lines = [line for line in tex.splitlines() if not line.startswith("%")]
        bare = re.sub(r"\\.", "", "\n".join(lines))
        assert bare.count("{") == bare.count("}")
        assert not re.search(r"[%#^_]", bare)
        assert tex.count(r"\begin{tabular}") == tex.count(r"\end{tabular}") == 2
        assert tex.isascii()


@pytest.mark.skipif(not has_booktabs(), reason="no LaTeX with booktabs here")
def test_tex_compiles(nasty, study, tmp_path):
    tables = "\n".join(study_table_tex(*each) for each in (nasty, study))
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs}\n"
        f"\\begin{{document}}\n{tables}\n\\end{{document}}\n"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_tex_rows_have_as_many_cells_as_their_head(study):
    for table in study_table_tex(*study).split(r"\toprule")[1:]:
        lines = [line for line in table.splitlines() if line.endswith(r"\\")]
        assert len({len(re.findall(r"(?<!\\)&", line)) for line in lines}) == 1


def test_an_arm_without_scores_has_a_row_of_dashes(study):
    results, _ = study
    arms = [*results.arms, Arm("eca", "design", None, 1, 1, "eca")]
    results = dataclasses.replace(results, arms=arms)
    comparisons = judge(results)
    lines = study_table_md(results, comparisons).split("\n\n")[0].splitlines()
    assert cells_of(lines[-1])[:4] == ["eca", "0 of 5", "—", "—"]
    row = rows_of(study_table_csv(results, comparisons))[-1]
    assert (row["seeds"], row["accuracy"], row["difference"]) == ("0", "", "")
    assert "eca" in study_table_tex(results, comparisons)


def test_one_seed_has_no_deviation():
    results, _ = made_up(["cbam"], seeds=2, controls=())
    scores = {key: score for key, score in results.scores.items() if key[1] == 0}
    results = dataclasses.replace(results, scores=scores)
    accuracy = 100 * scores["cbam", 0].accuracy
    assert f"| cbam | 1 of 2 | {accuracy:.2f} |" in study_table_md(results, [])


def test_what_a_comparison_lacks_is_left_out(study):
    results, comparisons = study
    equal = dataclasses.replace(comparisons[0], bca=None, interval=(np.nan, np.nan), p=np.nan)
    row = rows_of(study_table_csv(results, [equal]))[1]
    assert [row[name] for name in ("low", "bca_low", "p")] == ["", "", ""]
    assert row["p_holm"] == str(equal.p_holm)
    cells = cells_of(study_table_md(results, [equal]).splitlines()[-1])
    assert cells[4:7] == ["—", "—", "—"]

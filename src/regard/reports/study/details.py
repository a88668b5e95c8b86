"""The sections of a study's report that are numbers and words, as HTML."""

import numpy as np
import tomli_w

from regard.reports.page import bullets, code, paragraph, section, table
from regard.reports.study.arms import baseline, designs
from regard.reports.study.cells import ARMS_HEAD, arms_cells, comparison_cells, comparisons_head
from regard.reports.study.classes import class_differences
from regard.reports.study.methods import methods_text
from regard.reports.study.words import DIVERGED, MISSING, interval, level_words, points

COMMAND = "regard compare --config study.toml"


def classes(results):
    """How much more of each class each design finds than no attention."""
    none = baseline(results)
    columns = {
        arm.name: class_differences(results, arm.name, none.name) for arm in designs(results)
    }
    sizes = np.abs([column[0] for column in columns.values()])
    if not np.isfinite(sizes).any():
        return ""
    largest = np.nanmax(sizes) or 1
    rows = [
        (name, *(_class_cell(*column[:, number], largest) for column in columns.values()))
        for number, name in enumerate(results.class_names)
    ]
    meaning = (
        "Recall of each design less that without attention, in points, with "
        f"{level_words(results.study)} intervals that are not adjusted for the number of classes: "
        "with many classes some lie beside zero by chance. The shade is the size of the difference."
    )
    grid = table(["Class", *columns], rows, "differences")
    return section("Class by class", paragraph(meaning, "quiet"), grid)


def numbers(results, comparisons):
    """Both tables."""
    arms = table(ARMS_HEAD, arms_cells(results), "wide")
    first = " The time of a step holds its compilation, as there was one epoch only."
    parts = [
        paragraph(
            "Means over the seeds ± their standard deviation. ECE: expected calibration error. "
            "Faithfulness: how much better the maps tell what the decision depends on than the "
            "best of maps that know nothing of the network; above zero is better."
            f"{first if results.study.recipe.epochs == 1 else ''}",
            "quiet",
        ),
        arms,
    ]
    if comparisons:
        rows = comparison_cells(results, comparisons)
        parts.append(table(comparisons_head(results.study), rows, "wide beside"))
    made = [(arm.name, arm.made_of) for arm in results.arms]
    parts += [
        paragraph("What stands in the places of the attention:"),
        table([], made, "facts made"),
    ]
    return section("The numbers", *parts)


def methods(results):
    """The methods text, a paragraph for each of its parts."""
    return section("Methods", *map(paragraph, methods_text(results).split("\n\n")))


def gaps(results):
    """What failed and what was left out, each by name; empty where there is neither."""
    failed = [f"{arm}, seed {seed}: {why}" for (arm, seed), why in results.failed.items()]
    diverged = [f"{arm}, seed {s}: {why}" for (arm, s), why in results.diverged.items()]
    left = [f"{name}: {why}" for name, why in results.left_out.items()]
    parts = []
    if failed:
        parts += [paragraph("These trainings gave nothing, and count in no mean:"), bullets(failed)]
    if diverged:
        parts += [paragraph(f"These trainings diverged; {DIVERGED}:"), bullets(diverged)]
    if left:
        parts += [paragraph("These controls are not in the study:"), bullets(left)]
    return section("What failed and what was left out", *parts) if parts else ""


def repeat(results):
    """The facts and the command that repeats the study."""
    settings = tomli_w.dumps(results.study.model_dump(mode="json", exclude_none=True))
    facts = [table([], results.about.items(), "facts")] if results.about else []
    return section(
        "How to repeat it",
        *facts,
        paragraph("With these settings in the file study.toml:"),
        code(COMMAND),
        code(settings),
    )


def _class_cell(mean, low, high, largest):
    if np.isnan(mean):
        return MISSING
    ends = "" if np.isnan(low) else f" {interval((low, high))}"
    return f"{points(mean)}{ends}", mean / largest

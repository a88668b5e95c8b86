"""A study's report: one page that holds all of itself."""

from pathlib import PurePath

from regard.reports.page import page, paragraph, section
from regard.reports.study import details, evidence
from regard.reports.study.answer import answers, notices
from regard.reports.study.arms import designs
from regard.reports.study.many import leading
from regard.reports.study.side_by_side import side_by_side
from regard.reports.study.words import counted, fact, listed, seeds_words


def study_report(results, comparisons):
    """Renders a study as one HTML page: the answer first, then all that it stands on.

    Args:
        results: A `regard.studies.results.Results`.
        comparisons: Its `regard.studies.comparison.Comparison`s.

    Returns:
        The page as a string: no script, nothing loaded from elsewhere, all text escaped.

    Raises:
        DataError: If a map or an image cannot be drawn.
    """
    study = results.study
    known = [one for one in comparisons if one.seeds > 1]
    said = (
        f"{counted(len(designs(results)), 'design')} of attention in the network "
        f"{study.recipe.network}, {seeds_words(results)}, "
        f"{counted(len(results.labels), 'test image')} of "
        f"{counted(len(results.class_names), 'class', 'classes')}."
    )
    few = leading(results, known)
    parts = [
        notices(results),
        answers(results, known),
        paragraph(said, "quiet"),
        evidence.differences(results, known),
        evidence.cost(results, known),
        _leading_words(few) if few is not results else "",
        evidence.by_seed(few),
        evidence.curves(few),
        details.classes(few),
        side_by_side(few),
        details.numbers(results, comparisons),
        details.methods(results),
        details.gaps(results),
        details.repeat(results),
    ]
    return page(f"Does attention help on {_data_name(results)}?", *filter(None, parts))


def _data_name(results):
    """The name of the images that were given; without any, that of those that the recipe names."""
    given, _, _ = (fact(results, "data") or "").rpartition(": ")
    named = results.study.recipe.dataset
    return given or PurePath(named).name or named


def _leading_words(few):
    names = listed([design.name for design in designs(few)])
    return section(
        "The designs of the largest gain",
        paragraph(
            f"The sections up to the numbers show {names}. The numbers are those of all designs."
        ),
    )

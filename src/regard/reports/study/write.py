"""Writing what a study leaves for its reader."""

from pathlib import Path

from regard.files import write_text
from regard.reports.study.csv_table import study_table_csv
from regard.reports.study.latex import study_table_tex
from regard.reports.study.markdown import study_table_md
from regard.reports.study.references import references_bib
from regard.reports.study.report import study_report
from regard.studies.design import parse_design


def write_study(folder, results, comparisons):
    """Writes `table.md`, `table.csv`, `table.tex`, `references.bib` and `report.html` anew.

    Args:
        folder: Folder to write into; it must exist. Files of these names are replaced.
        results: A `regard.studies.results.Results`.
        comparisons: Its `regard.studies.comparison.Comparison`s.

    Raises:
        DataError: If a map or an image cannot be drawn.
        RegardError: If the disk is full.
    """
    folder = Path(folder)
    layers = dict.fromkeys(parse_design(design).layer for design in results.study.designs)
    write_text(folder / "table.md", study_table_md(results, comparisons))
    write_text(folder / "table.csv", study_table_csv(results, comparisons))
    write_text(folder / "table.tex", study_table_tex(results, comparisons))
    write_text(folder / "references.bib", references_bib(layers))
    write_text(folder / "report.html", study_report(results, comparisons))

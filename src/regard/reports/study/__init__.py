"""What a study leaves for its reader: tables, a methods text, references and a report."""

from regard.reports.study.csv_table import study_table_csv
from regard.reports.study.latex import study_table_tex
from regard.reports.study.markdown import study_table_md
from regard.reports.study.methods import methods_text
from regard.reports.study.references import references_bib
from regard.reports.study.report import study_report
from regard.reports.study.write import write_study

__all__ = [
    "methods_text",
    "references_bib",
    "study_report",
    "study_table_csv",
    "study_table_md",
    "study_table_tex",
    "write_study",
]

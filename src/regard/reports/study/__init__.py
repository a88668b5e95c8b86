"""What a study leaves for its reader: tables."""

from regard.reports.study.csv_table import study_table_csv
from regard.reports.study.latex import study_table_tex
from regard.reports.study.markdown import study_table_md

__all__ = ["study_table_csv", "study_table_md", "study_table_tex"]

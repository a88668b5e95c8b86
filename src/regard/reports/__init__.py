"""Figures for a paper or a notebook, and one self-contained page on a trained network."""

from regard.reports.charts import curves, reliability_diagram
from regard.reports.figures import image_grid, overlays, save
from regard.reports.report import render

__all__ = [
    "curves",
    "image_grid",
    "overlays",
    "reliability_diagram",
    "render",
    "save",
]

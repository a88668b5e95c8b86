"""Rewriting of a model into an equal one that does less arithmetic, with the same variables."""

from regard.models.folding.folding import fold

__all__ = ["fold"]

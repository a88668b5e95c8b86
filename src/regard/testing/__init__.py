"""Checks for your own attention layers: the contract that regard's own keep."""

from regard.testing.contract import CHECKS, Case, check_layer

__all__ = ["CHECKS", "Case", "check_layer"]

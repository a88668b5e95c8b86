"""Models that somebody else made: checked, then read in a process of its own, then built."""

from regard.models.foreign.loading import load_foreign

__all__ = ["load_foreign"]

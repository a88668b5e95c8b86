"""Times a training step of the tutorial's network, beside others who do the same work."""

from regard.benchmarking.comparison import compare

__all__ = ["compare"]

"""Compares our layers with files of reference numbers: `python -m tests.layers.reference FILE…`."""

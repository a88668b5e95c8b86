"""Importing this module registers every attention layer with Keras."""

import importlib

from regard.layers.registry import LAYERS

# The modules alone: one that is just being imported, and so imports Keras, has no class yet.
for _entry in LAYERS.values():
    importlib.import_module(_entry.target.split(":")[0])

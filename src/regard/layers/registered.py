"""Importing this module registers every attention layer with Keras."""

from regard.layers.registry import LAYERS, layer_class

for _name in LAYERS:
    layer_class(_name)

"""Runs a model and gives back the attention of its layers."""

import math

import keras
from keras import ops

from regard.layers import layout
from regard.layers.scores_limit import refuse_over_limit
from regard.maps.declared import is_of_keras
from regard.maps.graph import walk


class Reader(keras.Model):
    """Gives the attention maps of a model for a batch of images, by name.

    Args:
        graph: The model, from `regard.maps.graph.as_graph`.
        paths: The paths of the layers to read.
    """

    def __init__(self, graph, paths):
        super().__init__()
        self.model = graph.model  # so that Keras knows the variables
        self.graph = graph
        self.paths = paths
        self.built = True

    def call(self, images):
        attention = {}

        def visit(path, layer, args, kwargs):
            if path not in self.paths:
                return layer(*args, **kwargs)
            output, scores = _with_scores(layer, args, kwargs)
            attention.update(named(path, keras.tree.map_structure(_precise, scores)))
            return (output, scores) if kwargs.get("return_attention_scores") else output

        walk(self.graph, images, visit)
        return attention


def named(path, maps):
    """Returns a layer's maps by name: its path, and for several maps the name of each after it."""
    if not isinstance(maps, dict):
        return {path: maps}
    return {f"{path}/{name}": values for name, values in maps.items()}


def _precise(scores):
    dtype = keras.backend.standardize_dtype(scores.dtype)
    return ops.cast(scores, layout.precise(dtype))


def _with_scores(layer, args, kwargs):
    if is_of_keras(layer):
        inputs = [x for x in keras.tree.flatten((args, kwargs)) if hasattr(x, "shape")]
        _refuse_too_many(layer, *inputs[:2])
    output, scores = layer(*args, **(kwargs | {"return_attention_scores": True}))
    if isinstance(layer, keras.layers.MultiHeadAttention):
        scores = _in_a_row(scores)
    return output, scores


def _in_a_row(scores):
    """Makes one axis of the queries' spatial axes, and one of the keys'."""
    spatial = (len(scores.shape) - 2) // 2
    queries = math.prod(scores.shape[2 : 2 + spatial])
    return ops.reshape(scores, (*ops.shape(scores)[:2], queries, -1))


def _refuse_too_many(layer, query, keys):
    sizes = (query.shape[0], *query.shape[1:-1], *keys.shape[1:-1])
    heads = getattr(layer, "num_heads", None) or getattr(layer, "num_query_heads", 1)
    if None not in sizes:
        refuse_over_limit(layer.name, heads * math.prod(sizes), layer.compute_dtype)

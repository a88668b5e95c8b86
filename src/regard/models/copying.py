"""Copies a Keras model with further layers in it."""

import keras
import numpy as np

from regard.errors import UsageError
from regard.models.calls import graph_of, is_model, nodes


def copy_with(model, new):
    """Returns a copy of a model with new layers in it; the weights of the others are equal.

    Args:
        model: A Sequential or functional model.
        new: The new layers, each by the identity of Keras's record of the call after which it
            stands.

    Raises:
        UsageError: If a layer cannot be copied.
    """
    copies = {}
    copy = _copy_model(model, new, copies)
    for old, its_copy in copies.values():
        _copy_weights(old, its_copy)
    return copy


def _copy_model(model, new, copies):
    """Copies a model without its weights, and notes in `copies` each layer with its copy."""

    def copy(layer):
        if id(layer) not in copies:
            its = _copy_model(layer, new, copies) if is_model(layer) else _copy_layer(layer)
            copies[id(layer)] = layer, its
        return copies[id(layer)][1]

    graph = graph_of(model)
    inputs = [_copy_layer(x._keras_history.operation) for x in graph.inputs]
    if isinstance(model, keras.Sequential):
        pairs = ([copy(n.operation), new.get(id(n))] for n in nodes(graph))
        layers = [layer for pair in pairs for layer in pair if layer is not None]
        return keras.Sequential([*inputs, *layers], name=model.name)
    made = {id(x): layer.output for x, layer in zip(graph.inputs, inputs, strict=True)}
    for node in nodes(graph):
        args, kwargs = node.arguments.fill_in(made)
        outputs = keras.tree.flatten(copy(node.operation)(*args, **kwargs))
        if id(node) in new:
            outputs = [new[id(node)](*outputs)]
        made.update(zip(map(id, node.outputs), outputs, strict=True))
    ends = keras.tree.map_structure(lambda x: made[id(x)], (graph.input, graph.output))
    return keras.Model(*ends, name=model.name)


def _copy_layer(layer):
    options = {"safe_mode": False} if isinstance(layer, keras.layers.Lambda) else {}
    try:
        copy = type(layer).from_config(layer.get_config(), **options)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise UsageError(
            f"The layer {layer.name} cannot be copied, because its get_config does not describe "
            f"it: {error}"
        ) from error
    copy.name = layer.name
    return copy


def _copy_weights(layer, copy):
    if is_model(layer) or not isinstance(layer, keras.layers.Layer):
        return
    for variable, its_copy in zip(layer.variables, copy.variables, strict=True):
        its_copy.assign(np.array(keras.ops.convert_to_numpy(variable)))
    if hasattr(copy, "finalize_state"):  # what was adapted to data
        copy.finalize_state()

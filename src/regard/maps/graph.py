"""Walks through a model call by call, nested models included, without changing it."""

from collections import Counter
from contextlib import contextmanager

import keras

from regard.errors import DataError
from regard.maps.declared import is_attention
from regard.models.calls import graph_of, is_model, nodes


def walk(model, inputs, visit, prefix=""):
    """Runs `visit(path, layer, args, kwargs)` for each call in order and hands on what it gives.

    The inputs need not be tensors: whatever `visit` returns is handed to the layers that follow,
    so one walk serves for reading attention and for tracing receptive fields.

    Args:
        model: What `as_graph` gives.
        inputs: What the model is called on.
        visit: Gives a layer's output from its path, such as `backbone/attention`, itself, and
            the arguments of its call. The second call of one layer in a model has the path
            `attention#2`, and inside the second call of a nested model `backbone#2/attention`.
        prefix: Path of the model itself.

    Returns:
        What stands for the model's output.
    """
    calls = Counter()

    def step(layer, *args, **kwargs):
        calls[layer.name] += 1
        number = f"#{calls[layer.name]}" if calls[layer.name] > 1 else ""
        path = f"{prefix}{layer.name}{number}"
        inner = model.traced.get(id(layer))
        if inner is not None:
            return walk(inner, args[0], visit, f"{path}/")
        return visit(path, layer, args, kwargs)

    return model.graph._run_through_graph(
        inputs, operation_fn=lambda layer: lambda *args, **kwargs: step(layer, *args, **kwargs)
    )


class Graph:
    """A model whose calls are known.

    Attributes:
        model: The model.
        graph: The functional model of its calls.
        traced: The same of the models and layers in it that hold attention layers, by identity.
    """

    def __init__(self, model, graph):
        self.model = model
        self.graph = graph
        self.traced = {}
        for node in nodes(graph):
            inner = node.operation
            if id(inner) not in self.traced and _is_made_of_layers(inner):
                self.traced[id(inner)] = as_graph(inner, node.input_tensors[0].shape[1:])


def as_graph(model, input_shape):
    """Returns the calls of a model; those of a subclassed one are traced once.

    Nothing of the tracing stays on the model's layers, but that unbuilt ones are built.

    Args:
        model: Any Keras model, or a layer made of layers, with one input.
        input_shape: Shape of one image, without the batch.

    Raises:
        DataError: If a subclassed model's `call` cannot be traced.
    """
    if isinstance(model, keras.Sequential) and not model.built:
        model.build((None, *input_shape))
    if is_model(model):
        return Graph(model, graph_of(model))
    with _without_a_trace(model):
        inputs = keras.Input(input_shape)
        try:
            traced = keras.Model(inputs, model.call(inputs))
        except Exception as error:
            raise DataError(
                f"The layers of {model.name} cannot be traced: {error}. Write its call with Keras "
                "layers and keras.ops alone, or build it as a functional model."
            ) from error
    return Graph(model, traced)


def _is_made_of_layers(operation):
    if isinstance(operation, keras.Model):
        return True
    return (
        isinstance(operation, keras.layers.Layer)
        and not is_attention(operation)
        and any(map(is_attention, operation._flatten_layers(include_self=False)))
    )


@contextmanager
def _without_a_trace(model):
    """Takes back the records of calls that Keras leaves on a model's layers."""
    before = {
        id(layer): (len(layer._inbound_nodes), len(layer._outbound_nodes))
        for layer in model._flatten_layers()
    }
    yield
    for layer in model._flatten_layers():
        calls, users = before.get(id(layer), (0, 0))
        del layer._inbound_nodes[calls:], layer._outbound_nodes[users:]

"""The calls of layers in a Keras model, those inside nested models included."""

from dataclasses import dataclass, field
from typing import Any

import keras

from regard.errors import UsageError


@dataclass(eq=False)
class Call:
    """One call of a layer in a model.

    Attributes:
        path: Names of the nested models and of the layer, such as `backbone/conv1`.
        node: Keras's record of the call.
        graph: The functional model in which it stands.
        sources: The calls that made its inputs; those of a nested model's layers lie outside it.
        users: The calls of layers that take its output.
    """

    path: str
    node: Any
    graph: Any
    sources: list["Call"]
    users: list["Call"] = field(default_factory=list)

    @property
    def layer(self):
        """What is called: a layer, a nested model, or an operation such as `x + y`."""
        return self.node.operation

    @property
    def shape(self):
        """Shape of the output, or None where there are several."""
        return tuple(self.node.outputs[0].shape) if len(self.node.outputs) == 1 else None

    @property
    def data_format(self):
        """That of the layer, or of the nearest one before it that has one."""
        return self.nearest("data_format", keras.config.image_data_format())

    def nearest(self, attribute, default):
        """Returns an attribute of the layer, or of the nearest one before it that has it."""
        calls = [self]
        for call in calls:
            if hasattr(call.layer, attribute):
                return getattr(call.layer, attribute)
            calls += [source for source in call.sources if source not in calls]
        return default

    @property
    def sizes(self):
        """The spatial sizes of the output."""
        return self.shape[1:-1] if self.data_format == "channels_last" else self.shape[2:]

    @property
    def is_map(self):
        """Whether the output is one feature map of more than one pixel."""
        return self.shape is not None and len(self.shape) in (3, 4, 5) and set(self.sizes) != {1}


def is_model(layer):
    """Whether the layers of a model, or of one nested in it, are known."""
    return isinstance(layer, keras.Sequential | keras.Function)


def graph_of(model):
    """Returns the functional model of a model whose layers are known.

    Raises:
        UsageError: If the model is not built.
    """
    graph = model._functional if isinstance(model, keras.Sequential) else model
    if graph is None:
        raise UsageError(
            f"{model.name} is not built. Let it begin with keras.Input(shape), or call "
            "model.build(shape)."
        )
    return graph


def nodes(graph):
    """Returns Keras's records of the calls in a functional model, in an order to run them."""
    depths = sorted(graph._nodes_by_depth, reverse=True)
    return [n for depth in depths for n in graph._nodes_by_depth[depth] if not n.is_input]


class Calls:
    """The calls of a model, those inside nested models before the nested model's own.

    Attributes:
        model: The model.
        all: In an order in which they can be run.
        inputs: Those that stand for the model's inputs; not among `all`.
        outputs: Those that make the model's outputs.
    """

    def __init__(self, model):
        graph = graph_of(model)
        self.model = model
        self.all = []
        self.inputs = [
            Call(x.name, x._keras_history.operation._inbound_nodes[0], graph, [])
            for x in graph.inputs
        ]
        self.outputs = self._trace(graph, self.inputs, "")

    def _trace(self, graph, inputs, prefix):
        makers = dict(zip(map(id, graph.inputs), inputs, strict=False))
        for node in nodes(graph):
            path = f"{prefix}{node.operation.name}"
            call = Call(path, node, graph, [makers[id(x)] for x in node.input_tensors])
            if is_model(call.layer):
                made = self._trace(graph_of(call.layer), call.sources, f"{path}/")
                call.sources = made
            else:
                made = [call] * len(node.outputs)
                for source in {id(source): source for source in call.sources}.values():
                    source.users.append(call)
            self.all.append(call)
            makers.update(zip(map(id, node.outputs), made, strict=True))
        return [makers[id(x)] for x in graph.outputs]

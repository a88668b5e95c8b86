"""The calls of a network in order: what each gives, and where that lies on the image."""

from dataclasses import dataclass
from typing import Any

import keras

from regard.errors import DataError, UsageError, nearest
from regard.maps import geometry as geo
from regard.maps.graph import as_graph, walk
from regard.models.inputs import channel_axis

SQUASHING = (keras.activations.softmax, keras.activations.sigmoid)
_PIXEL_AXES = (("batch", "query", "key"), ("batch", "head", "query", "key"))
_PASSING_ON = (keras.layers.Dropout, keras.layers.Identity)


@dataclass(frozen=True)
class Call:
    """One call of a layer, or of a Keras operation, in a network.

    Attributes:
        index: Its place in the order of the walk.
        path: Path of the layer, such as `backbone/conv2d`; of a second call `conv2d#2`.
        layer: The layer.
        inputs: The symbolic tensors that it is called on.
        output: The symbolic output.
        place: Where the pixels of a feature map of rank 4 lie on the image, else None.
        pixels: Where the queries and keys of attention over the pixels of a map lie, else None;
            None too where the layer's output has other rows and columns.
    """

    index: int
    path: str
    layer: Any
    inputs: list
    output: Any
    place: geo.Geometry | None
    pixels: geo.Geometry | None


@dataclass(frozen=True)
class Network:
    """A model, ready to be walked through.

    Attributes:
        graph: What `walk` goes through, from `regard.maps.graph.as_graph`.
        calls: Its calls in order.
        scored: The call that gives the logits.
        image_size: `(rows, columns)` of the images.
        channel_axis: Axis of the channels, 3 or 1.
    """

    graph: Any
    calls: tuple[Call, ...]
    scored: Call
    image_size: tuple[int, int]
    channel_axis: int

    @property
    def name(self):
        """Name of the model."""
        return self.graph.model.name

    @property
    def variables(self):
        """The model's variables."""
        return self.graph.model.variables

    @property
    def is_sigmoid(self):
        """Whether the classes are told by sigmoids and not by a softmax."""
        return _squashing_of(self.scored.layer) == "sigmoid"

    @property
    def classes(self):
        """Number of classes; one sigmoid alone tells of two."""
        outputs = self.scored.output.shape[-1]
        return 2 if outputs == 1 and self.is_sigmoid else outputs

    @property
    def attending(self):
        """The calls whose attention has pixels as queries and keys."""
        return [call for call in self.calls if call.pixels is not None]

    def feature_map(self, path):
        """Returns the call at `path`, or the last whose output is a map.

        Raises:
            DataError: If no output has rows and columns with a place on the image.
            UsageError: If `path` is not the path of a layer that gives such a map.
        """
        maps = {call.path: call for call in self.calls if call.place is not None}
        if not maps:
            raise DataError(
                f"{self.name} has no layer whose output has rows and columns. Choose a "
                "method that needs none, such as integrated_gradients."
            )
        if path is None:
            return max(maps.values(), key=lambda call: call.index)
        if path not in maps:
            raise UsageError(
                f"No layer {path!r} gives a map with rows and columns. {nearest(path, maps)}"
            )
        return maps[path]


def trace(model, image_shape) -> Network:
    """Finds the calls of a model without running or changing it.

    Args:
        model: A Keras classifier with one image input.
        image_shape: Shape of one image, without the batch.

    Raises:
        DataError: If a subclassed model cannot be traced, or if the model does not give
            `(batch, classes)`.
    """
    graph = as_graph(model, image_shape)
    channels = channel_axis(model) % 4
    image_size = tuple(size for axis, size in enumerate(image_shape, 1) if axis != channels)
    calls, places = [], {}
    image = keras.KerasTensor((1, *image_shape))
    places[id(image)] = geo.of_image(image_size)

    def visit(path, layer, args, kwargs):
        inputs = keras.tree.flatten((args, kwargs))
        before = [place for place in (places.get(id(x)) for x in inputs) if place is not None]
        before = max(before, key=lambda place: place.axes[0].field, default=None)
        output = layer.compute_output_spec(*args, **kwargs)
        place = _place(output, geo.through(layer, before), channels)
        attends = _attends_over_pixels(layer, args, kwargs, before)
        pixels = _place(output, before, channels) if attends else None
        places.update((id(x), place) for x in keras.tree.flatten(output))
        calls.append(Call(len(calls), path, layer, inputs, output, place, pixels))
        return output

    output = keras.tree.flatten(walk(graph, image, visit))
    if len(output) != 1 or len(output[0].shape) != 2 or not calls:
        raise DataError(f"{model.name} is no classifier: its output is not (batch, classes).")
    return Network(graph, tuple(calls), _scored(calls, output[0]), image_size, channels)


def _scored(calls, output):
    """The call before whose activation the logits stand: the last that changes the values."""
    call = _giver(calls, output)
    while isinstance(call.layer, _PASSING_ON) or _is_linear(call.layer):
        before = _giver(calls[: call.index], call.inputs[0])
        if before is None:
            break
        call = before
    return call


def _giver(calls, tensor):
    givers = (c for c in reversed(calls) if any(tensor is x for x in keras.tree.flatten(c.output)))
    return next(givers, None)


def _is_linear(layer):
    return isinstance(layer, keras.layers.Activation) and layer.activation is (
        keras.activations.linear
    )


def _squashing_of(layer):
    """Name of the softmax or sigmoid in which a layer, or a Keras operation, ends; else None."""
    if type(layer).__name__ in ("Softmax", "Sigmoid"):
        return type(layer).__name__.lower()
    activation = getattr(layer, "activation", None)
    return activation.__name__ if activation in SQUASHING else None


def _place(output, place, channel_axis):
    shape = getattr(output, "shape", ())
    if place is None or len(shape) != 4:
        return None
    sizes = [size for axis, size in enumerate(shape) if axis not in (0, channel_axis)]
    return place if sizes == [axis.size for axis in place.axes] else None


def _attends_over_pixels(layer, args, kwargs, place):
    axes = getattr(layer, "attention_axes", ())
    if place is None or axes not in _PIXEL_AXES or layer.attention_kind != "distribution":
        return False
    kwargs = kwargs | {"return_attention_scores": True}
    attention = layer.compute_output_spec(*args, **kwargs)[1]
    pixels = place.axes[0].size * place.axes[1].size
    return len(attention.shape) == len(axes) and tuple(attention.shape[-2:]) == (pixels, pixels)

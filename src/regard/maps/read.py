"""Reads the attention of a trained network on images."""

import math

import keras
import numpy as np

from regard.errors import DataError, UsageError, nearest
from regard.maps import geometry as geo
from regard.maps.attention_maps import AttentionMaps, LayerAttention
from regard.maps.graph import as_graph, walk
from regard.models.inputs import as_batch


def attention_maps(model, images, layer=None, batch_size=64):
    """Reads where each attention layer of a network looks.

    The model stays as it is: its layers are called in order, and the attention layers with
    `return_attention_scores=True`.

    Args:
        model: A Sequential, functional, nested or subclassed Keras model with one image input.
        images: What the model takes, `(batch, rows, columns, channels)`; the channel axis may
            be left out for grey images.
        layer: Path of one attention layer, such as `attention` or `backbone/attention`; by
            default all are read.
        batch_size: Images at a time, at least 1.

    Returns:
        An `AttentionMaps`. Its default layer is the last that was built with
        `return_attention=True`, or else the last.

    Raises:
        DataError: If images do not fit the model, or if it has no attention layer.
        UsageError: If `layer` or `batch_size` are not as described.

    Example:
        >>> from regard import models
        >>> maps = attention_maps(models.tutorial(), np.zeros((2, 28, 28)))
        >>> maps["attention"].values.shape, maps.to_images().shape
        ((2, 144, 144), (2, 28, 28))
    """
    if batch_size < 1:
        raise UsageError(f"batch_size must be at least 1, not {batch_size!r}.")
    images = as_batch(images, model)
    graph = as_graph(model, images.shape[1:])
    image_size = _image_size(images.shape, graph)
    found = _attention_layers(graph, image_size)
    paths = _choose(found, layer, model.name)
    batches = [
        _read_batch(graph, images[start : start + batch_size], paths)
        for start in range(0, len(images), batch_size)
    ]
    layers = {}
    for path in paths:
        values = keras.tree.map_structure(
            lambda *parts: np.concatenate(parts), *(batch[path] for batch in batches)
        )
        layers |= _layer_attention(path, found[path], values, image_size)
    marked = [path for path in paths if getattr(found[path][0], "return_attention", False)]
    return AttentionMaps(layers, _default(layers, (marked or paths)[-1]), image_size)


def _attention_layers(graph, image_size):
    """Finds the attention layers, each with the geometry of its feature map."""
    found = {}

    def visit(path, layer, args, kwargs):
        inputs = keras.tree.flatten((args, kwargs))
        places = [place for place in inputs if isinstance(place, geo.Geometry)]
        place = max(places, key=lambda p: p.axes[0].field) if places else None
        if hasattr(layer, "attention_axes"):
            if path in found:
                raise DataError(
                    f"The attention layer {path} is called twice in the model; its maps would "
                    "be mixed. Use two layers."
                )
            found[path] = (layer, place)
        return _for_each_output(layer, geo.through(layer, place))

    walk(graph, geo.of_image(image_size), visit)
    return found


def _for_each_output(layer, place):
    return keras.tree.map_structure(lambda _: place, getattr(layer, "output", None))


def _choose(found, layer, model_name):
    if not found:
        raise DataError(
            f"{model_name} has no attention layer to read. Put one in, such as "
            "regard.layers.Attention(units=32)."
        )
    if layer is not None and layer not in found:
        raise UsageError(f"No attention layer is called {layer!r}. {nearest(layer, found)}")
    return list(found) if layer is None else [layer]


def _read_batch(graph, images, paths):
    attention = {}

    def visit(path, layer, args, kwargs):
        if path not in paths:
            return layer(*args, **kwargs)
        both = layer(*args, **(kwargs | {"return_attention_scores": True}))
        attention[path] = keras.tree.map_structure(keras.ops.convert_to_numpy, both[1])
        return both if kwargs.get("return_attention_scores") else both[0]

    walk(graph, keras.ops.convert_to_tensor(images), visit)
    return attention


def _layer_attention(path, found, values, image_size):
    """The maps of one layer by path; several maps of one layer have their names at the end."""
    layer, _ = found
    axes, kinds = layer.attention_axes, layer.attention_kind
    if not isinstance(values, dict):
        return {path: _one_map(found, values, axes, kinds, image_size)}
    return {
        f"{path}/{name}": _one_map(
            found,
            values[name],
            axes[name],
            kinds[name] if isinstance(kinds, dict) else kinds,
            image_size,
        )
        for name in values
    }


def _one_map(found, values, axes, kind, image_size):
    layer, place = found
    if values.ndim != len(axes):
        raise DataError(
            f"{layer.name} was called on a list and attends along rows only, not over an image."
        )
    positions = _positions(dict(zip(axes, values.shape, strict=True)))
    if positions and (place is None or math.prod(a.size for a in place.axes) != positions):
        raise DataError(
            f"{layer.name} sees {positions} positions whose place on the image of {image_size} "
            "cannot be told: a layer before it reshapes the image."
        )
    return LayerAttention(values, axes, kind, place)


def _positions(sizes):
    """How many positions of the feature map a map's axes tell of, None if they tell of none."""
    if {"row", "column"} <= set(sizes):
        return sizes["row"] * sizes["column"]
    return (
        sizes["query"]
        if set(sizes) <= {"batch", "head", "query", "key"} and "query" in sizes
        else None
    )


def _default(layers, path):
    """The first map of a layer that can be drawn, or its first."""
    own = [name for name in layers if name == path or name.startswith(f"{path}/")]
    return next((name for name in own if layers[name].is_drawable), own[0])


def _image_size(shape, graph):
    formats = (layer.data_format for layer in _leaves(graph) if hasattr(layer, "data_format"))
    is_last = next(formats, keras.config.image_data_format()) == "channels_last"
    return tuple(shape[1:-1] if is_last else shape[2:])


def _leaves(model):
    for layer in model.layers:
        yield from _leaves(layer) if isinstance(layer, keras.Model) else (layer,)

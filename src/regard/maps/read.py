"""Reads the attention of a trained network on images."""

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
    layers = {
        path: _layer_attention(
            found[path], np.concatenate([batch[path] for batch in batches]), image_size
        )
        for path in paths
    }
    marked = [path for path in paths if getattr(found[path][0], "return_attention", False)]
    return AttentionMaps(layers, (marked or paths)[-1], image_size)


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
        attention[path] = keras.ops.convert_to_numpy(both[1])
        return both if kwargs.get("return_attention_scores") else both[0]

    walk(graph, keras.ops.convert_to_tensor(images), visit)
    return attention


def _layer_attention(found, values, image_size):
    layer, place = found
    pixels = values.shape[layer.attention_axes.index("key")]
    if values.ndim != len(layer.attention_axes):
        raise DataError(
            f"{layer.name} was called on a list and attends along rows only, not over an image."
        )
    if place is None or np.prod([axis.size for axis in place.axes]) != pixels:
        raise DataError(
            f"{layer.name} sees {pixels} positions whose place on the image of {image_size} "
            "cannot be told: a layer before it reshapes the image."
        )
    return LayerAttention(values, layer.attention_axes, layer.attention_kind, place)


def _image_size(shape, graph):
    formats = (layer.data_format for layer in _leaves(graph) if hasattr(layer, "data_format"))
    is_last = next(formats, keras.config.image_data_format()) == "channels_last"
    return tuple(shape[1:-1] if is_last else shape[2:])


def _leaves(model):
    for layer in model.layers:
        yield from _leaves(layer) if isinstance(layer, keras.Model) else (layer,)

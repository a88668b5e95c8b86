"""Reads the attention of a trained network on images."""

from dataclasses import dataclass, replace
from itertools import chain

import keras
import numpy as np

from regard.errors import DataError, UsageError, nearest
from regard.layers.scores_limit import limit
from regard.maps import geometry as geo
from regard.maps.attention_maps import AttentionMaps, LayerAttention
from regard.maps.declared import declared, is_attention
from regard.maps.graph import as_graph, walk
from regard.maps.planes import is_of_sizes
from regard.maps.reader import Reader, named
from regard.models.inputs import as_batch, channel_axis


def attention_maps(model, images, layer=None, batch_size=64):
    """Reads where each attention layer of a network looks.

    The model stays as it is: its layers are called in order, compiled where there are several
    batches, and the attention layers with `return_attention_scores=True`. Attention layers are
    regard's, those that keep its protocol, and Keras's `Attention`, `AdditiveAttention`,
    `MultiHeadAttention` and `GroupQueryAttention`, wherever they stand: in nested and in
    subclassed models too.

    Args:
        model: A Sequential, functional, nested or subclassed Keras model with one image input.
        images: What the model takes, `(batch, rows, columns, channels)`; the channel axis may
            be left out for grey images, the batch axis for one image.
        layer: Path of one attention layer, such as `attention` or `backbone/attention`; by
            default all are read. A layer's second call has the path `attention#2`.
        batch_size: Images at a time, at least 1.

    Returns:
        An `AttentionMaps`. Its default layer is the last that was built with
        `return_attention=True`, or else the last.

    Raises:
        DataError: If images do not fit the model, or if it has no attention layer.
        MemoryError: If the maps would take more than `regard.layers.limit_scores` allows; read
            them in parts with `iter_attention_maps` then.
        UsageError: If `layer` or `batch_size` are not as described.

    Example:
        >>> from regard import models
        >>> maps = attention_maps(models.tutorial(), np.zeros((2, 28, 28)))
        >>> maps["attention"].values.shape, maps.to_images().shape
        ((2, 144, 144), (2, 28, 28))
    """
    images = as_batch(images, model)
    parts = iter_attention_maps(model, images, layer, batch_size)
    first = next(parts)
    _refuse_too_many(first, len(images))
    whole = {
        name: np.empty((len(images), *one.values.shape[1:]), one.values.dtype)
        for name, one in first.items()
    }
    start = 0
    for part in chain([first], parts):
        for name, one in part.items():
            whole[name][start : start + len(one.values)] = one.values
        start += len(one.values)
    layers = {name: replace(one, values=whole[name]) for name, one in first.items()}
    return replace(first, layers=layers)


def iter_attention_maps(model, images, layer=None, batch_size=64):
    """Reads attention as `attention_maps` does, one batch after the other.

    No more than one batch of maps is held, so any number of images can be read.

    Args:
        model: See `attention_maps`.
        images: See `attention_maps`.
        layer: See `attention_maps`.
        batch_size: Images at a time, at least 1.

    Yields:
        An `AttentionMaps` for each batch.

    Raises:
        DataError: See `attention_maps`.
        MemoryError: If the maps of one batch would take more than the limit.
        UsageError: See `attention_maps`.

    Example:
        >>> from regard import models
        >>> model = models.tutorial()
        >>> [len(maps.to_images()) for maps in iter_attention_maps(model, np.zeros((3, 28, 28)),
        ...                                                        batch_size=2)]
        [2, 1]
    """
    if batch_size < 1:
        raise UsageError(f"batch_size must be at least 1, not {batch_size!r}.")
    images = as_batch(images, model)
    graph = as_graph(model, images.shape[1:])
    image_size = _image_size(images.shape, model)
    found = _choose(_attention_layers(graph, image_size), layer, model.name)
    reader = Reader(graph, list(found))
    marked = [path for path, one in found.items() if one.is_marked]
    for values in _batches(reader, images, batch_size):
        layers = {}
        for path, one in found.items():
            layers |= one.maps(path, values)
        yield AttentionMaps(layers, _default(layers, (marked or list(found))[-1]), image_size)


@dataclass
class _Found:
    """An attention layer, and where the pixels of its inputs lie on the image."""

    layer: keras.layers.Layer
    places: list

    @property
    def is_marked(self):
        return getattr(self.layer, "return_attention", False)

    def maps(self, path, values):
        """Returns its `LayerAttention`s by name, of the values that were read."""
        own = declared(self.layer)
        several = list(own) != ["attention"]
        return {
            name: self._map(values[name], declaration)
            for name, declaration in named(path, own if several else own["attention"]).items()
        }

    def _map(self, values, declaration):
        axes, kind, _, sum_axes = declaration
        if values.ndim == len(axes) + 1 and axes[-2:] == ("query", "key"):
            axes = (*axes[:-2], "row", "query", "key")  # of Keras's layers on feature maps
        fitting = (place for place in self.places if is_of_sizes(axes, values.shape, place))
        return LayerAttention(values, axes, kind, next(fitting, None), sum_axes)


def _attention_layers(graph, image_size):
    """Finds the attention layers, each with the geometries of its inputs."""
    found = {}

    def visit(path, layer, args, kwargs):
        inputs = keras.tree.flatten((args, kwargs))
        places = [place for place in inputs if isinstance(place, geo.Geometry)]
        if is_attention(layer):
            found[path] = _Found(layer, places)
        place = max(places, key=lambda p: p.axes[0].field) if places else None
        return _for_each_output(layer, geo.through(layer, place))

    walk(graph, geo.of_image(image_size), visit)
    return found


def _for_each_output(layer, place):
    return keras.tree.map_structure(lambda _: place, getattr(layer, "output", None))


def _choose(found, layer, model_name):
    if not found:
        raise DataError(
            f"{model_name} has no attention layer to read. Put one in, such as "
            "regard.layers.Attention(units=32) or with regard.models.insert; or see what decides "
            "its classes with regard.attributions(model, images)."
        )
    if layer is not None and layer not in found:
        raise UsageError(f"No attention layer is called {layer!r}. {nearest(layer, found)}")
    return found if layer is None else {layer: found[layer]}


def _batches(reader, images, batch_size):
    """Yields the arrays of each batch; a single batch is not worth compiling for."""
    if len(images) <= batch_size:
        yield _as_arrays(reader(keras.ops.convert_to_tensor(images), training=False))
        return
    reader.compile(jit_compile=keras.backend.backend() == "jax")
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        missing = batch_size - len(batch)  # filled up, so that nothing is compiled twice
        values = reader.predict_on_batch(np.concatenate([batch, images[:missing]]))
        yield {name: array[: len(batch)] for name, array in values.items()}


def _as_arrays(tensors):
    return {name: keras.ops.convert_to_numpy(tensor) for name, tensor in tensors.items()}


def _refuse_too_many(first, count):
    size = sum(one.values.nbytes // len(one.values) * count for one in first.values())
    if size > limit():
        raise MemoryError(
            f"The attention maps of {count:,} images would take {size / 2**30:.2f} GiB, over the "
            f"limit of {limit() / 2**30:.2f} GiB. Read one layer with layer=, go batch by batch "
            "with regard.iter_attention_maps, or raise the limit with "
            "regard.layers.limit_scores(bytes)."
        )


def _default(layers, path):
    """The first map of a layer that can be drawn, or its first."""
    own = [name for name in layers if name == path or name.startswith(f"{path}/")]
    return next((name for name in own if layers[name].is_drawable), own[0])


def _image_size(shape, model):
    return tuple(shape[1:-1] if channel_axis(model) == -1 else shape[2:])

"""Puts attention into a Keras model that exists, trained or not."""

import inspect
import re
import warnings

import keras

from regard.errors import UsageError
from regard.layers.registry import layer_class, make_layer
from regard.models.calls import Calls, is_model
from regard.models.copying import copy_with
from regard.models.places import find


def insert(model, layer, /, *, after, **layer_arguments):
    """Returns a copy of a model with an attention layer at each of the places named.

    The model stays as it is: the copy has its own layers, of the same names, with equal weights.
    It is not compiled, whether the model was or not; layers that were frozen are frozen in the
    copy, the inserted ones are not. It is a `keras.Sequential` where the model is one, or else a
    functional `keras.Model`, whatever class derived from that the model has.

    Each place gets a layer of its own, called `cbam_after_conv2d_1` and the like. A layer that is
    called several times gets one after each call; a nested model that is called several times
    stays one model, so what is put inside it is shared as its layers are.

    Args:
        model: A Sequential or functional Keras model, nested or not, with known layers.
        layer: Name of a registered attention layer, a class of Keras layers, or a function that
            returns a new layer.
        after: Where to put it, which is one or a list of:

            - the name of a layer, or its path in a nested model: `"conv2d_1"`,
              `"backbone/block3_out"`; or a pattern of these: `"block*_out"`, `"*/conv?"`, where
              `*` stands for a `/` too;
            - a type of layers, such as `keras.layers.MaxPooling2D`, or a layer of the model;
            - `"stage ends"`: the last layer before the feature map is made smaller by a stride or
              by half, and the last map before pooling over all pixels, flattening or the end. It
              is a layer through which all goes: in residual networks that is the block's end, not
              one of its branches. Padding before the stride, all before the first convolution and
              maps of one pixel are passed over. Networks whose skip connections span stages, such
              as U-Net, need their layers named;
            - `"every convolution"`: each convolution that gives a map of more than one pixel, and
              behind the norms and activation layers that alone and directly follow it.
        layer_arguments: Of the layer. `data_format` and `dtype` are by default those of the layer
            after which it stands; a function gets these arguments alone.

    Returns:
        The new model. Its output is that of `model`, exactly where the attention layer starts
        as the identity; where it does not, a `UserWarning` says so.

    Raises:
        UsageError: Before anything is copied: if there is no such layer or place, if a place has
            no feature map that the layer takes, or if the layer gives another shape than it gets
            where that shape is used; if the model's own layers are not known (subclassed models)
            or it is not built; or if a layer of the model cannot be copied.

    Example:
        >>> model = keras.Sequential(
        ...     [keras.Input((28, 28, 1)), keras.layers.Conv2D(32, 3, name="conv")]
        ... )
        >>> [layer.name for layer in insert(model, "pixel", after="conv", units=4).layers]
        ['conv', 'pixel_after_conv']
    """
    _check_model(model)
    stem, make = _maker(layer, layer_arguments)
    calls = Calls(model)
    new = _new_layers(stem, make, find(calls, after), calls.outputs)
    _warn_of_change(stem, new.values())
    return copy_with(model, new)


def _check_model(model):
    if not isinstance(model, keras.Model):
        raise UsageError(f"insert takes a Keras model, not {type(model).__name__}.")
    if not is_model(model):
        raise UsageError(
            f"{model.name} is a subclassed model: its layers are called in code that cannot be "
            "changed from outside. Call the attention layer in its call method, or make the model "
            "functional first: inputs = keras.Input(shape); "
            "model = keras.Model(inputs, model.call(inputs))."
        )


def _maker(layer, arguments):
    """Returns what the layer is called, and a function that makes one to stand after a call."""
    if "name" in arguments:
        raise UsageError("Each inserted layer is named after its place; leave name out.")
    if isinstance(layer, str):
        cls = layer_class(layer)
        return layer, lambda call: make_layer(layer, **_fitting_arguments(cls, call) | arguments)
    if isinstance(layer, type) and issubclass(layer, keras.layers.Layer):
        return None, lambda call: layer(**_fitting_arguments(layer, call) | arguments)
    if callable(layer) and not isinstance(layer, type | keras.layers.Layer):
        return None, lambda call: layer(**arguments)
    raise UsageError(
        f"{layer!r} can be put at one place only, if at all. Give the name of an attention layer, "
        "a class of layers, or a function that returns a new layer."
    )


def _fitting_arguments(cls, call):
    """The layout and precision that a layer of `cls` needs after a call."""
    fitting = {"dtype": call.nearest("dtype_policy", None)}
    if any("data_format" in inspect.signature(c.__init__).parameters for c in cls.__mro__):
        fitting["data_format"] = call.data_format
    return fitting


def _new_layers(stem, make, chosen, outputs):
    """Makes and builds the new layers, by the identity of the call after which they stand."""
    new = {}
    for call in chosen:
        layer = make(call)
        if not _is_new(layer, new.values()):
            raise UsageError(f"A new Keras layer is needed for each place, but got {layer!r}.")
        layer.name = _free_name(stem or _snake_case(type(layer).__name__), call, new.values())
        _build(layer, call)
        if _changes_shape(layer, call) and not _is_end(call, outputs):
            raise UsageError(
                f"{layer.name} does not keep the shape {call.shape} that is needed after "
                f"{call.path}. Choose arguments that keep it, or put it at the model's end."
            )
        new[id(call.node)] = layer
    return new


def _is_new(layer, others):
    if not isinstance(layer, keras.layers.Layer) or layer.weights:
        return False
    return all(layer is not other for other in others)


def _snake_case(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _free_name(stem, call, new):
    taken = {operation.name for operation in call.graph.operations} | {layer.name for layer in new}
    name = free = f"{stem}_after_{call.layer.name.replace('/', '_')}"
    number = 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _build(layer, call):
    ranks = getattr(layer, "ranks", (3, 4, 5))
    if call.shape is None or len(call.shape) not in ranks:
        shapes = [tuple(x.shape) for x in call.node.outputs]
        raise UsageError(
            f"{layer.name} takes one feature map of rank {' or '.join(map(str, ranks))}, but "
            f"{call.path} gives {' and '.join(map(str, shapes))}."
        )
    try:
        layer.build(call.shape)
    except ValueError as error:
        raise UsageError(
            f"{layer.name} cannot stand after {call.path}, which gives {call.shape}: {error}"
        ) from error


def _changes_shape(layer, call):
    if hasattr(layer, "keeps_shape"):
        return not layer.keeps_shape
    output = layer.compute_output_spec(call.node.outputs[0])
    return keras.tree.map_structure(lambda x: tuple(x.shape), output) != call.shape


def _is_end(call, outputs):
    """Whether nothing takes a call's output but the model's user; a nested model's is taken."""
    return call in outputs and not call.users and "/" not in call.path


def _warn_of_change(stem, layers):
    changing = [layer for layer in layers if not getattr(layer, "starts_as_identity", False)]
    if changing:
        name = stem or type(changing[0]).__name__
        warnings.warn(
            f"{name} is not the identity before it is trained, so the model's output changes "
            "until it is trained on with the new layers: "
            f"{', '.join(layer.name for layer in changing)}.",
            stacklevel=3,
        )

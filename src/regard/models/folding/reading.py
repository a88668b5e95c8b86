"""Reads what a call of a layer does, where that is linear."""

import keras
import numpy as np
from keras import ops

from regard.models.folding.linear import Linear
from regard.models.folding.window import Refused, Window, same_pads

_layers = keras.layers
_PLAIN = (_layers.Conv1D, _layers.Conv2D, _layers.Conv3D)
_DEPTHWISE = (_layers.DepthwiseConv1D, _layers.DepthwiseConv2D)
CONVOLUTIONS = (*_PLAIN, *_DEPTHWISE)
_POOLINGS = (_layers.AveragePooling1D, _layers.AveragePooling2D)
_NORM = _layers.BatchNormalization
_READABLE = (*CONVOLUTIONS, *_POOLINGS, _NORM, _layers.Dense, _layers.Flatten)


def may_be_linear(call):
    """Whether a call is of a type of layers that can be read."""
    return type(call.layer) in _READABLE


def read(call):
    """Returns what a call does, as a `Linear`; batch norm as it is in inference.

    Args:
        call: A call for which `may_be_linear` holds, but no Flatten.

    Raises:
        Refused: If it cannot be known, or is not linear.
    """
    layer = call.layer
    if layer.activity_regularizer is not None:
        raise Refused(f"{layer.name} has an activity regularizer, which needs its output")
    if getattr(layer, "quantization_mode", None) is not None:
        raise Refused(f"{layer.name} is quantized")
    shape = _input_shape(call)
    if type(layer) in _PLAIN:
        return _convolution(call, shape)
    if type(layer) in _DEPTHWISE:
        return _depthwise(call, shape)
    if type(layer) in _POOLINGS:
        return _pooling(call, shape)
    return _batch_norm(call, shape) if type(layer) is _NORM else _dense(call, shape)


def read_flat_dense(flatten, dense):
    """Returns what a Flatten and the Dense after it do: a convolution as large as its input.

    Raises:
        Refused: If the Dense cannot be known, or the layout in which it sees the pixels.
    """
    shape = _input_shape(flatten)
    linear = read(dense)
    layout = flatten.data_format if len(shape) > 2 else "channels_last"
    if flatten.layer.data_format != layout:
        raise Refused(f"{flatten.layer.name} does not take its input for {layout}")
    sizes, channels = _split(shape, layout)
    units, one = linear.window.out_channels, (1,) * len(sizes)
    none = ((0, 0),) * len(sizes)
    window = Window(sizes, channels, units, 1, sizes, one, one, none, flattens=bool(sizes))

    def weights():
        kernel, bias = linear.weights()
        return ops.reshape(kernel, (*sizes, channels, units)), bias

    calls = (flatten, dense)
    return _linear(dense, window, layout, weights, linear.has_bias, linear.activation, calls)


def _input_shape(call):
    inputs = call.node.input_tensors
    shape, name = tuple(inputs[0].shape), call.layer.name
    if not all(isinstance(n, int) for n in shape[1:]):
        raise Refused(f"{name} takes {shape}: its sizes are not known")
    if len(shape) > 5:
        raise Refused(f"{name} takes {shape}, which has more than 3 spatial axes")
    if getattr(inputs[0], "_keras_mask", None) is not None:
        raise Refused(f"{name} takes a mask and hands it on")
    return shape


def _split(shape, data_format):
    return (shape[1:-1], shape[-1]) if data_format == "channels_last" else (shape[2:], shape[1])


def _linear(call, window, data_format, weights, has_bias, activation, calls=None):
    if activation is keras.activations.linear:
        activation = None
    dtype = call.layer.compute_dtype
    return Linear(calls or (call,), window, data_format, dtype, has_bias, weights, activation)


def _convolution(call, shape):
    layer = call.layer
    if layer.rank == 3 and layer.groups > 1:
        raise Refused(f"{layer.name} has groups in 3 dimensions, which not all backends know")
    return _any_convolution(call, shape, layer.filters, layer.groups, lambda: layer.kernel)


def _depthwise(call, shape):
    layer = call.layer
    channels = _split(shape, layer.data_format)[1]
    count = channels * layer.depth_multiplier

    def kernel():
        return ops.reshape(layer.kernel, (*layer.kernel_size, 1, count))

    return _any_convolution(call, shape, count, channels, kernel)


def _any_convolution(call, shape, filters, groups, kernel):
    layer = call.layer
    sizes, channels = _split(shape, layer.data_format)
    geometry = (layer.kernel_size, layer.strides, layer.dilation_rate)
    unpadded = Window(sizes, channels, filters, groups, *geometry, ((0, 0),) * layer.rank)
    pads = unpadded.pads
    if layer.padding == "causal":
        pads = ((unpadded.extent[0] - 1, 0),)
    elif layer.padding == "same":
        pads = same_pads(sizes, unpadded.extent, layer.strides)
    window = Window(sizes, channels, filters, groups, *geometry, pads)

    def weights():
        return ops.convert_to_tensor(kernel()), layer.bias if layer.use_bias else None

    return _linear(call, window, layer.data_format, weights, layer.use_bias, layer.activation)


def _pooling(call, shape):
    layer = call.layer
    sizes, channels = _split(shape, layer.data_format)
    size, rank = layer.pool_size, len(layer.pool_size)
    pads = ((0, 0),) * rank
    if layer.padding == "same" and same_pads(sizes, size, layer.strides) != pads:
        raise Refused(f"{layer.name} averages over fewer pixels at the border")
    window = Window(sizes, channels, channels, channels, size, layer.strides, (1,) * rank, pads)

    def weights():
        return ops.full((*size, 1, channels), 1 / np.prod(size), layer.variable_dtype), None

    return _linear(call, window, layer.data_format, weights, False, None)


def _batch_norm(call, shape):
    layer, rank = call.layer, len(shape) - 2
    if call.node.arguments.kwargs.get("training"):
        raise Refused(f"{layer.name} is called with training=True")
    axis = layer.axis % len(shape)
    if axis not in (1, len(shape) - 1):
        raise Refused(f"{layer.name} has axis {layer.axis}, not the channels'")
    data_format = "channels_last" if axis == len(shape) - 1 else "channels_first"
    sizes, channels = _split(shape, data_format)
    one, none = (1,) * rank, ((0, 0),) * rank
    window = Window(sizes, channels, channels, channels, one, one, one, none)

    def weights():
        variance = ops.convert_to_tensor(layer.moving_variance)
        scale = ops.rsqrt(variance + layer.epsilon)
        scale = scale * layer.gamma if layer.scale else scale
        bias = -layer.moving_mean * scale
        bias = bias + layer.beta if layer.center else bias
        return ops.reshape(scale, (*one, 1, channels)), bias

    return _linear(call, window, data_format, weights, True, None)


def _dense(call, shape):
    layer = call.layer
    sizes, channels = _split(shape, "channels_last")
    one, none = (1,) * len(sizes), ((0, 0),) * len(sizes)
    window = Window(sizes, channels, layer.units, 1, one, one, one, none)

    def weights():
        kernel = ops.reshape(layer.kernel, (*one, channels, layer.units))
        return kernel, layer.bias if layer.use_bias else None

    return _linear(call, window, "channels_last", weights, layer.use_bias, layer.activation)

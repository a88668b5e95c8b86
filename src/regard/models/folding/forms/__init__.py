"""Layers in the form that each backend computes fastest on a CPU.

All forms give what Keras gives, up to rounding. On JAX the gradient of a convolution of few
channels is several times faster as a product with patches, and that of a max pooling as
comparisons. On PyTorch both go where the pixels lie, without the copies to channels first that
Keras makes. TensorFlow has a kernel for batch norm, which Keras takes in many steps.
"""

import importlib

import keras

_HOME = "regard.models.folding.forms.{}_forms"
BACKENDS = ("tensorflow", "jax", "torch")


def convolution(window, data_format):
    """Returns `convolve(x, kernel, strides, dilation, groups, pads)` if it beats Keras's own.

    Args:
        window: Its geometry, a `regard.models.folding.window.Window`.
        data_format: Its layout.

    Returns:
        The function, or None.
    """
    module = _module(window.size, data_format)
    suits = module and module.suits_convolution(window.size, window.in_channels, window.groups)
    return module.convolve if suits else None


def max_pool(layer):
    """Returns a function of the feature map that beats a `MaxPooling2D`, or None."""
    size, strides = tuple(layer.pool_size), tuple(layer.strides)
    module = _module(size, layer.data_format)
    if not module or layer.padding != "valid" or not module.suits_max_pool(size, strides):
        return None
    return lambda x: module.max_pool(x, size)


def batch_norm():
    """Returns `normalise(x, gamma, beta, epsilon)` if it beats Keras's own, or None.

    It gives the normalised feature map, channels last, and the batch's mean and variance.
    """
    backend = keras.config.backend()
    if backend not in BACKENDS:
        return None
    module = importlib.import_module(_HOME.format(backend))
    return module.normalise if module.suits_batch_norm() else None


def _module(size, data_format):
    backend = keras.config.backend()
    if backend not in BACKENDS or len(size) != 2 or data_format != "channels_last":
        return None
    return importlib.import_module(_HOME.format(backend))

"""What the networks have in common: checks, where attention goes, a stem, a head."""

import math

import keras

from regard.errors import UsageError
from regard.layers.registry import layer_class, make_layer

PIXELS_TO_ATTEND = 256  # 16 x 16; pixels attending to pixels cost the square of it


def check(input_shape, classes, smallest_side=16):
    """Checks the shape of the images and the number of classes.

    Raises:
        UsageError: If one cannot be right.
    """
    known = len(input_shape) == 3 and all(isinstance(n, int) and n > 0 for n in input_shape)
    if not known or min(input_shape[:2]) < smallest_side:
        raise UsageError(
            f"input_shape must be (rows, columns, channels) with at least {smallest_side} rows and "
            f"columns, not {input_shape!r}."
        )
    if not isinstance(classes, int) or classes < 2:
        raise UsageError(f"classes must be an integer of at least 2, not {classes!r}.")


def attention_layer(name, attention, arguments):
    """Returns a new attention layer called `name`, or None where `attention` is None.

    Raises:
        UsageError: If there is no such layer, if it does not keep the shape of a feature map, or
            if arguments are given for none.
    """
    if attention is None:
        if arguments:
            raise UsageError(f"attention=None takes no arguments, but got {sorted(arguments)}.")
        return None
    layer = make_layer(attention, **arguments)
    layer.name = name
    if not getattr(layer, "keeps_shape", True):
        raise UsageError(
            f"{attention} does not keep the shape of a feature map, as it must inside a network. "
            "Choose another layer, or arguments that keep it."
        )
    return layer


class Attention:
    """The attention of a network: the same kind of layer, new at each place.

    Layers in which pixels attend to pixels stand after each stage whose feature map has at most
    256 pixels; all others inside each block.
    """

    def __init__(self, attention, arguments):
        attention_layer("attention", attention, arguments)  # says what is wrong before any work
        self._attention = attention
        self._arguments = arguments
        self._attends = attention is not None and _pixels_attend(layer_class(attention))

    def in_block(self, x, block):
        """Puts attention on `x` inside the block of that name, if that is its place."""
        return x if self._attends else self._on(x, block)

    def after_stage(self, x, stage):
        """Puts attention on `x` after the stage of that name, if that is its place."""
        pixels = math.prod(x.shape[1:3])
        return self._on(x, stage) if self._attends and 1 < pixels <= PIXELS_TO_ATTEND else x

    def _on(self, x, place):
        layer = attention_layer(f"{place}_attention", self._attention, self._arguments)
        return x if layer is None else layer(x)


def _pixels_attend(cls):
    axes = cls.attention_axes
    return "key" in (sum(axes.values(), ()) if isinstance(axes, dict) else axes)


def stem_stride(input_shape):
    """Returns 1 for images of less than 64 pixels, by the shorter side, 2 below 128, else 4."""
    side = min(input_shape[:2])
    return 1 if side < 64 else 2 if side < 128 else 4


def convolution(x, filters, kernel_size, name, strides=1, activation="relu"):
    """Convolution without bias, batch normalisation, and an activation unless None."""
    x = keras.layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return normalised(x, name, activation)


def stem(image, filters):
    """The first convolution, with the stride that suits the images, and at 4 a pooling."""
    stride = stem_stride(image.shape[1:])
    x = convolution(image, filters, 3, "stem", strides=min(stride, 2))
    return keras.layers.MaxPooling2D(3, 2, "same", name="stem_pool")(x) if stride == 4 else x


def normalised(x, name, activation="relu"):
    """Batch normalisation and an activation unless None."""
    x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
    if activation is None:
        return x
    return keras.layers.Activation(activation, name=f"{name}_{activation}")(x)


def classified(image, x, classes, name):
    """Returns the model that gives the probabilities of the classes from one vector an image."""
    probabilities = keras.layers.Dense(classes, activation="softmax", name="probabilities")(x)
    return keras.Model(image, probabilities, name=name)

"""A small ConvNeXt."""

import keras

from regard.models.presets.parts import Attention, check, classified, stem_stride

_EPSILON = 1e-6


def convnext_nano(input_shape=(28, 28, 1), classes=10, attention=None, **attention_arguments):
    """Builds a ConvNeXt of two, two, four and two blocks, a tenth of the nano's; not compiled.

    The blocks are those of Liu et al. (A ConvNet for the 2020s, arXiv:2201.03545): a depthwise
    7 x 7 convolution, layer norm, four times the channels, GELU, back, a learned factor for each
    channel that starts at 1e-6, addition. The stages have 32, 64, 128 and 256 channels; there is
    no stochastic depth. On 28 x 28 grey images it has 1,901,546 parameters
    and 21.9 million multiply-adds an image.

    The first convolution takes patches of 2 x 2 for images of less than 64 pixels by the shorter
    side, and of 4 x 4, as in the paper, for larger ones. Gates stand in each block, before the
    learned factor; layers in which pixels attend to pixels after each stage whose feature map
    has at most 256 pixels.

    Args:
        input_shape: `(rows, columns, channels)` of the images, at least 16 rows and columns.
        classes: Number of classes, at least 2.
        attention: Name of an attention layer, or None for none.
        attention_arguments: Of the attention layer.

    Returns:
        A `keras.Model` that gives class probabilities of shape `(batch, classes)`.

    Raises:
        UsageError: If the images or classes are too small, or no such attention layer exists.

    Example:
        >>> convnext_nano().count_params()
        1901546
    """
    check(input_shape, classes)
    attention = Attention(attention, attention_arguments)
    image = keras.Input(input_shape)
    x = _patches(image, 32, 2 if stem_stride(input_shape) == 1 else 4, "stem")
    x = _norm(x, "stem_norm")
    for stage, (filters, blocks) in enumerate([(32, 2), (64, 2), (128, 4), (256, 2)], 1):
        if stage > 1:
            x = _patches(_norm(x, f"stage{stage}_norm"), filters, 2, f"stage{stage}")
        for number in range(1, blocks + 1):
            x = _block(x, filters, f"stage{stage}_block{number}", attention)
        x = attention.after_stage(x, f"stage{stage}")
    x = _norm(keras.layers.GlobalAveragePooling2D(name="pool")(x), "head_norm")
    return classified(image, x, classes, "convnext_nano")


def _block(x, filters, name, attention):
    branch = keras.layers.DepthwiseConv2D(
        7, padding="same", depthwise_initializer=_spread(), name=f"{name}_depthwise"
    )(x)
    branch = _norm(branch, f"{name}_norm")
    branch = _dense(branch, 4 * filters, f"{name}_expand", activation="gelu")
    branch = attention.in_block(_dense(branch, filters, f"{name}_reduce"), name)
    branch = keras.layers.EinsumDense(
        "bhwc,c->bhwc",
        x.shape[1:],
        kernel_initializer=keras.initializers.Constant(1e-6),
        name=f"{name}_factor",
    )(branch)
    return keras.layers.Add(name=f"{name}_out")([x, branch])


def _dense(x, units, name, activation=None):
    return keras.layers.Dense(units, activation, kernel_initializer=_spread(), name=name)(x)


def _patches(x, filters, size, name):
    return keras.layers.Conv2D(
        filters,
        size,
        size,
        padding="same",
        kernel_initializer=_spread(),
        name=f"{name}_patches",
    )(x)


def _norm(x, name):
    return keras.layers.LayerNormalization(epsilon=_EPSILON, name=name)(x)


def _spread():
    return keras.initializers.TruncatedNormal(stddev=0.02)

"""Small residual networks."""

import keras

from regard.models.presets.parts import Attention, check, classified, convolution, stem


def resnet9(input_shape=(28, 28, 1), classes=10, attention=None, **attention_arguments):
    """Builds a ResNet-9 of half the usual width: fast to train on small images; not compiled.

    Four convolutions, three of them followed by pooling, and two residual blocks of two
    convolutions each (after D. Page's network for DAWNBench, with 32 to 256 channels in place of
    64 to 512 and plain logits). On 28 x 28 grey images it has 1,647,786 parameters and
    68.6 million multiply-adds an image.

    The first convolution has stride 1 for images of less than 64 pixels by the shorter side,
    2 below 128, and else 2 with a pooling of 2 more. Gates stand in both residual blocks, before
    the addition; layers in which pixels attend to pixels after each stage whose feature map has
    at most 256 pixels.

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
        >>> resnet9().count_params()
        1647786
    """
    check(input_shape, classes)
    attention = Attention(attention, attention_arguments)
    image = keras.Input(input_shape)
    x = stem(image, 32)
    for stage, (filters, has_block) in enumerate([(64, True), (128, False), (256, True)], 1):
        x = convolution(x, filters, 3, f"stage{stage}")
        x = keras.layers.MaxPooling2D(name=f"stage{stage}_pool")(x)
        if has_block:
            block = f"stage{stage}_block"
            branch = convolution(x, filters, 3, f"{block}_1")
            branch = attention.in_block(convolution(branch, filters, 3, f"{block}_2"), block)
            x = keras.layers.Add(name=f"{block}_out")([x, branch])
        x = attention.after_stage(x, f"stage{stage}")
    x = keras.layers.GlobalMaxPooling2D(name="pool")(x)
    return classified(image, x, classes, "resnet9")


def resnet20(input_shape=(28, 28, 1), classes=10, attention=None, **attention_arguments):
    """Builds the ResNet-20 for small images of He et al. (arXiv:1512.03385); not compiled.

    Three stages of three blocks with 16, 32 and 64 channels; where these double, the shortcut
    takes every second pixel and adds channels of zeros, so that it has no parameters (the
    paper's option A). On 28 x 28 grey images it has 270,810 parameters and
    30.8 million multiply-adds an image; on 32 x 32 colour images 40.6 million.

    The first convolution has stride 1 for images of less than 64 pixels by the shorter side, as
    in the paper, 2 below 128, and else 2 with a pooling of 2 more. Gates stand in each block,
    before the addition; layers in which pixels attend to pixels after each stage whose feature
    map has at most 256 pixels.

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
        >>> resnet20().count_params()
        270810
    """
    check(input_shape, classes)
    attention = Attention(attention, attention_arguments)
    image = keras.Input(input_shape)
    x = stem(image, 16)
    for stage, filters in enumerate((16, 32, 64), 1):
        for number in (1, 2, 3):
            strides = 2 if stage > 1 and number == 1 else 1
            x = _block(x, filters, strides, f"stage{stage}_block{number}", attention)
        x = attention.after_stage(x, f"stage{stage}")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return classified(image, x, classes, "resnet20")


def _block(x, filters, strides, name, attention):
    branch = convolution(x, filters, 3, f"{name}_1", strides)
    branch = convolution(branch, filters, 3, f"{name}_2", activation=None)
    branch = attention.in_block(branch, name)
    if strides == 2:
        x = keras.layers.MaxPooling2D(1, 2, "same", name=f"{name}_every_second")(x)
        x = keras.ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, filters - x.shape[-1])))
    x = keras.layers.Add(name=f"{name}_sum")([x, branch])
    return keras.layers.Activation("relu", name=f"{name}_out")(x)

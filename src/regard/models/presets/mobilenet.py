"""A small MobileNetV2."""

import keras

from regard.models.presets.parts import (
    Attention,
    check,
    classified,
    convolution,
    normalised,
    stem_stride,
)

# Times the channels inside a block, channels, blocks, stride of the first.
_STAGES = [(1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 2, 2), (6, 64, 3, 2), (6, 96, 1, 1)]


def mobilenetv2_small(input_shape=(28, 28, 1), classes=10, attention=None, **attention_arguments):
    """Builds a MobileNetV2 of nine inverted residual blocks; not compiled.

    The blocks are those of Sandler et al. (arXiv:1801.04381): six times the channels, a depthwise
    3 x 3 convolution, a linear projection, and the addition where the shape stays. There are 16,
    24, 32, 64 and 96 channels in 1, 2, 2, 3 and 1 blocks, then a 1 x 1 convolution to 512. On
    28 x 28 grey images it has 300,586 parameters and 29.8 million multiply-adds an image.

    The whole stride is 4 for images of less than 64 pixels by the shorter side; the first
    convolution has stride 2 for larger ones, and so has the stage of 24 channels, as in the
    paper, from 128 pixels on. Gates stand in each block, after the depthwise convolution as in
    MobileNetV3 (arXiv:1905.02244); layers in which pixels attend to pixels after each stage whose
    feature map has at most 256 pixels.

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
        >>> mobilenetv2_small().count_params()
        300586
    """
    check(input_shape, classes)
    attention = Attention(attention, attention_arguments)
    stride = stem_stride(input_shape)
    image = keras.Input(input_shape)
    x = convolution(image, 16, 3, "stem", min(stride, 2), "relu6")
    for stage, (times, filters, blocks, first) in enumerate(_STAGES, 1):
        first = 2 if stage == 2 and stride == 4 else first
        for number in range(1, blocks + 1):
            strides = first if number == 1 else 1
            x = _block(x, times, filters, strides, f"stage{stage}_block{number}", attention)
        x = attention.after_stage(x, f"stage{stage}")
    x = convolution(x, 512, 1, "head", activation="relu6")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return classified(image, x, classes, "mobilenetv2_small")


def _block(x, times, filters, strides, name, attention):
    channels = x.shape[-1]
    branch = x
    if times > 1:
        branch = convolution(branch, times * channels, 1, f"{name}_expand", activation="relu6")
    branch = keras.layers.DepthwiseConv2D(
        3,
        strides,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{name}_depthwise_conv",
    )(branch)
    branch = attention.in_block(normalised(branch, f"{name}_depthwise", "relu6"), name)
    branch = convolution(branch, filters, 1, f"{name}_project", activation=None)
    if strides > 1 or channels != filters:
        return branch
    return keras.layers.Add(name=f"{name}_out")([x, branch])

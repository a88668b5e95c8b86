"""The tutorial's network."""

import keras

from regard.models.presets.parts import attention_layer, check

_FOR_PIXEL = {"units": 32, "return_attention": True}


def tutorial(input_shape=(28, 28, 1), classes=10, attention="pixel", **attention_arguments):
    """Builds the tutorial's network: two convolutions, pooling, attention, a head; not compiled.

    On 28 x 28 grey images it has 1,208,203 parameters and 15.2 million multiply-adds an image;
    without attention 1,199,882 and 12.0 million.

    Args:
        input_shape: `(rows, columns, channels)` of the images, at least 6 rows and columns.
        classes: Number of classes, at least 2.
        attention: Name of an attention layer, or None for none.
        attention_arguments: Of the attention layer; `"pixel"` has queries and keys of size
            `units=32` unless told otherwise.

    Returns:
        A `keras.Sequential` that gives class probabilities of shape `(batch, classes)`.

    Raises:
        UsageError: If the images or classes are too small, or no such attention layer exists.

    Example:
        >>> tutorial().count_params()
        1208203
    """
    check(input_shape, classes, smallest_side=6)
    defaults = _FOR_PIXEL if attention == "pixel" else {}
    middle = attention_layer("attention", attention, defaults | attention_arguments)
    layers = [
        keras.Input(input_shape),
        keras.layers.Conv2D(32, 3, name="conv2d"),
        keras.layers.Conv2D(64, 3, name="conv2d_1"),
        keras.layers.MaxPooling2D(2, name="max_pooling2d"),
        *([] if middle is None else [middle]),
        keras.layers.Flatten(name="flatten"),
        keras.layers.Dense(128, activation="relu", name="dense"),
        keras.layers.Dense(classes, activation="softmax", name="dense_1"),
    ]
    return keras.Sequential(layers, name="tutorial")

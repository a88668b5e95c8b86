"""Networks that carry attention, by name."""

import keras

from regard import layers


def tutorial(input_shape=(28, 28, 1), classes=10, units=32):
    """Builds the tutorial's network: two convolutions, pooling, attention, a head; not compiled.

    Args:
        input_shape: `(rows, columns, channels)` of the images, at least 6 rows and columns.
        classes: Number of classes, at least 2.
        units: Size of the attention layer's queries and keys.

    Returns:
        A `keras.Sequential` that gives class probabilities of shape `(batch, classes)`.

    Example:
        >>> tutorial().count_params()
        1208203
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Attention(units=units, return_attention=True, name="attention"),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ],
        name="tutorial",
    )

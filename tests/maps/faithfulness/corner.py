"""A network that looks at one corner only, by construction, and pictures for it."""

import numpy as np

import regard  # noqa: F401

import keras  # isort: skip

SIZE = (10, 12)
CORNER = np.zeros(SIZE, bool)
CORNER[:4, :4] = True


def corner_network(channels=1, data_format="channels_last", size=SIZE):
    """Class 1 the brighter the upper left 4 x 4 pixels are; nothing else counts."""
    shape = (*size, channels) if data_format == "channels_last" else (channels, *size)
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Flatten(data_format="channels_last"),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    weights = np.zeros((*size, channels, 2), "float32")
    weights[:4, :4, :, 1] = 0.8 / channels
    if data_format == "channels_first":
        weights = weights.transpose(2, 0, 1, 3)
    model.set_weights([weights.reshape(-1, 2), np.array([0, -6], "float32")])
    return model


def bright_pictures(count=24, channels=1, size=SIZE, seed=0):
    """Pictures, channels last, of random patches, with the corner bright enough for class 1."""
    rng = np.random.default_rng(seed)
    small = rng.random((count, size[0] // 2, size[1] // 2, channels))
    pictures = small.repeat(2, axis=1).repeat(2, axis=2)
    pictures[:, :4, :4] = 0.7 + 0.3 * pictures[:, :4, :4]
    return pictures.astype("float32")

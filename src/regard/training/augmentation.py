"""Changes of the images in training."""

import keras

from regard.errors import UsageError


def shifted(network, pixels):
    """Returns a model that trains `network` on images moved by whole pixels, at random.

    Each image is moved by -`pixels`…`pixels` along each axis, all equally likely, anew at each
    call; what comes in is 0. With `training=False` the images stay as they are.

    Args:
        network: A built Keras model of one input `(batch, rows, columns, channels)`.
        pixels: The most pixels, an integer of at least 1.

    Raises:
        UsageError: If an image could leave its frame.

    Example:
        >>> network = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
        >>> shifted(network, 1).output_shape
        (None, 16)
    """
    rows, columns = network.input_shape[1:3]
    if pixels >= min(rows, columns):
        raise UsageError(
            f"shift must be less than the images' shorter side, {min(rows, columns)} pixels, "
            f"not {pixels}."
        )
    moves = [(pixels + 0.5) / size for size in (rows, columns)]  # to the nearest whole pixel
    move = keras.layers.RandomTranslation(
        *moves, fill_mode="constant", interpolation="nearest", data_format="channels_last"
    )
    return keras.Sequential([keras.Input(network.input_shape[1:]), move, network])

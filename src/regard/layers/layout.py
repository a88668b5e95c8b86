"""Where the channels of a feature map are, its pixels as a sequence, the precision of gates."""

from keras import ops

SPATIAL_AXES = {3: ("position",), 4: ("row", "column"), 5: ("depth", "row", "column")}


def precise(compute_dtype):
    """Returns the dtype of gates and softmax: the compute dtype, but at least float32."""
    return "float64" if compute_dtype == "float64" else "float32"


def channels_last_shape(layer, shape, ranks=(3, 4, 5)):
    """Returns a feature map's shape with the channels last.

    Raises:
        ValueError: If the rank is not one of `ranks`, or the number of channels is unknown.
    """
    shape = tuple(shape)
    if len(shape) not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise ValueError(
            f"{layer.name} takes a feature map of rank {wanted}, (batch, spatial axes, "
            f"channels), but got shape {shape}."
        )
    last = layer.data_format == "channels_last"
    axis = len(shape) - 1 if last else 1
    if shape[axis] is None:
        raise ValueError(
            f"{layer.name} needs a known number of channels, but axis {axis} "
            f"({layer.data_format}) of {shape} is unknown. Give it in keras.Input, or check "
            "data_format."
        )
    return shape if last else (shape[0], *shape[2:], shape[1])


def to_channels_last(layer, x):
    """Moves the channels of `x` last if the layer has them first."""
    return x if layer.data_format == "channels_last" else ops.moveaxis(x, 1, -1)


def from_channels_last(layer, x):
    """Moves the channels of `x` back to where the layer has them."""
    return x if layer.data_format == "channels_last" else ops.moveaxis(x, -1, 1)


def to_pixels(x):
    """Reshapes `(batch, *spatial, channels)` to `(batch, pixels, channels)`, row-major."""
    return ops.reshape(x, (ops.shape(x)[0], -1, x.shape[-1]))


def from_pixels(pixels, like):
    """Reshapes `(batch, pixels, channels)` to the spatial axes of `like`, channels last."""
    return ops.reshape(pixels, (*ops.shape(like)[:-1], pixels.shape[-1]))

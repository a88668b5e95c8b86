"""Where the pixels of a feature map lie on the image: receptive-field arithmetic."""

from dataclasses import dataclass, replace

import keras
import numpy as np

_ENDS_SPACE = (
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalAveragePooling3D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.GlobalMaxPooling3D,
)
_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a feature map, in image pixels.

    Attributes:
        size: Number of map pixels.
        step: Image pixels between the centres of two neighbouring map pixels.
        start: Position of the first map pixel's centre, where image pixel i lies at i.
        field: Number of image pixels that one map pixel sees.
    """

    size: int
    step: float = 1.0
    start: float = 0.0
    field: float = 1.0

    def centres(self) -> np.ndarray:
        """Returns the position of each map pixel's centre on the image, shape `(size,)`."""
        return self.start + self.step * np.arange(self.size)


@dataclass(frozen=True)
class Geometry:
    """The spatial axes of a feature map, rows before columns."""

    axes: tuple[Axis, ...]


def of_image(size) -> Geometry:
    """Returns the geometry of the image itself, from its `(rows, columns)`."""
    return Geometry(tuple(Axis(n) for n in size))


def stretched(image_size, map_size) -> Geometry:
    """Returns the geometry of a map that covers the image evenly, edge to edge."""
    return Geometry(
        tuple(
            Axis(n, size / n, (size / n - 1) / 2, size / n)
            for size, n in zip(image_size, map_size, strict=True)
        )
    )


def through(layer, geometry: Geometry | None) -> Geometry | None:
    """Carries a geometry through a layer.

    Args:
        layer: A Keras layer; one that is neither a convolution nor a pooling, padding, cropping
            or upsampling keeps the geometry, but for attention that changes the shape.
        geometry: That of the layer's input.

    Returns:
        The geometry of the output, or None where the output has no place on the image.
    """
    if geometry is None or isinstance(layer, (*_ENDS_SPACE, *_TRANSPOSED)):
        return None
    axes = geometry.axes
    if hasattr(layer, "attention_axes"):
        return geometry if getattr(layer, "keeps_shape", True) else None
    if hasattr(layer, "kernel_size"):
        return _windows(layer, axes, layer.kernel_size, layer.strides, layer.dilation_rate)
    if hasattr(layer, "pool_size"):
        return _windows(layer, axes, layer.pool_size, layer.strides, 1)
    if hasattr(layer, "cropping"):
        return _shifted(axes, layer.cropping, 1)
    if hasattr(layer, "padding") and not isinstance(layer.padding, str):
        return _shifted(axes, layer.padding, -1)
    if isinstance(layer, keras.layers.UpSampling1D | keras.layers.UpSampling2D):
        return Geometry(tuple(map(_upsampled, axes, _each(layer.size, len(axes)))))
    return geometry


def _windows(layer, axes, kernel, stride, dilation):
    count = len(axes)
    windows = zip(
        axes, _each(kernel, count), _each(stride, count), _each(dilation, count), strict=True
    )
    return Geometry(tuple(_window(layer.padding, *window) for window in windows))


def _window(padding, axis, kernel, stride, dilation):
    reach = (kernel - 1) * dilation
    if padding == "valid":
        size, before = (axis.size - reach - 1) // stride + 1, 0
    else:
        size = -(-axis.size // stride)
        needed = max((size - 1) * stride + reach + 1 - axis.size, 0)
        before = reach if padding == "causal" else needed // 2
    return Axis(
        size,
        axis.step * stride,
        axis.start + (reach / 2 - before) * axis.step,
        axis.field + reach * axis.step,
    )


def _shifted(axes, amounts, sign):
    sides = [_each(amount, 2) for amount in _each(amounts, len(axes))]
    return Geometry(
        tuple(
            replace(
                axis,
                size=axis.size - sign * (before + after),
                start=axis.start + sign * before * axis.step,
            )
            for axis, (before, after) in zip(axes, sides, strict=True)
        )
    )


def _upsampled(axis, factor):
    step = axis.step / factor
    return Axis(axis.size * factor, step, axis.start - (axis.step - step) / 2, axis.field)


def _each(value, count):
    return tuple(value) if isinstance(value, tuple | list) else (value,) * count

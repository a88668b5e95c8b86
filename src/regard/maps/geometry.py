"""Where the pixels of a feature map lie on the image: receptive-field arithmetic."""

import math
from dataclasses import dataclass, replace

import keras
import numpy as np

from regard.maps.declared import is_attention

_ENDS_SPACE = (
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.RandomCrop,
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
_MOVING_OPERATIONS = {"Flip", "GetItem", "Moveaxis", "Roll", "Rot90", "Swapaxes", "Transpose"}


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


def placed(geometry: Geometry | None, image_size, ends) -> Geometry | None:
    """Returns a geometry on the picture from a part of which the image was made.

    Args:
        geometry: On the image.
        image_size: `(rows, columns)` of the image.
        ends: For rows and for columns, the first pixel of the part on the picture and the one
            after its last.
    """
    if geometry is None:
        return None
    return Geometry(
        tuple(
            _resized(axis, (last - first) / size, first)
            for axis, size, (first, last) in zip(geometry.axes, image_size, ends, strict=True)
        )
    )


def _resized(axis, factor, first=0.0):
    """The axis where image pixels are `factor` as large, and the first begins at `first`."""
    return replace(
        axis,
        step=axis.step * factor,
        start=first + (axis.start + 0.5) * factor - 0.5,
        field=axis.field * factor,
    )


def through(layer, geometry: Geometry | None) -> Geometry | None:
    """Carries a geometry through a layer.

    Args:
        layer: A Keras layer or operation. One that moves no pixels, such as an activation, keeps
            the geometry; what a layer made of other layers does is not known.
        geometry: That of the layer's input.

    Returns:
        The geometry of the output, or None where the output has no known place on the image.
    """
    if geometry is None or isinstance(layer, (*_ENDS_SPACE, *_TRANSPOSED)):
        return None
    if is_attention(layer):
        return geometry if getattr(layer, "keeps_shape", True) else None
    if not isinstance(layer, keras.layers.Layer):
        return _through_operation(layer, geometry)
    if len(list(layer._flatten_layers())) > 1:
        return None
    return _through_layer(layer, geometry)


def _through_operation(operation, geometry):
    name = type(operation).__name__
    if name == "Reshape":
        return _reshaped(geometry, operation.newshape[1:])
    return None if name in _MOVING_OPERATIONS else geometry


def _through_layer(layer, geometry):
    axes = geometry.axes
    if isinstance(layer, keras.layers.Reshape):
        return _reshaped(geometry, layer.target_shape)
    if isinstance(layer, keras.layers.Resizing):
        return _through_resizing(layer, axes)
    if isinstance(layer, keras.layers.CenterCrop):
        return _center_cropped(axes, (layer.height, layer.width))
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


def _reshaped(geometry, shape):
    """Pixels in a row, or in rows and columns again, are still the same pixels."""
    sizes = tuple(axis.size for axis in geometry.axes)
    pixels = math.prod(sizes)
    shape = tuple(shape)
    is_row = len(shape) == 2 and pixels in (shape[0], -shape[0] * pixels)
    is_grid = len(shape) == len(sizes) + 1 and sizes in (shape[:-1], shape[1:])
    return geometry if is_row or is_grid else None


def _through_resizing(layer, axes):
    wanted = (layer.height, layer.width)
    if layer.pad_to_aspect_ratio:
        return None
    if layer.crop_to_aspect_ratio:
        part = min(axis.size / n for axis, n in zip(axes, wanted, strict=True))
        axes = _center_cropped(axes, [int(part * n) for n in wanted]).axes
    return Geometry(
        tuple(
            replace(
                axis,
                size=n,
                step=axis.step * axis.size / n,
                start=axis.start + axis.step * (axis.size / n - 1) / 2,
                field=axis.field + axis.step * axis.size / n,
            )
            for axis, n in zip(axes, wanted, strict=True)
        )
    )


def _center_cropped(axes, sizes):
    """The middle of each axis; Keras enlarges smaller images, whose place is not told."""
    if any(axis.size < n for axis, n in zip(axes, sizes, strict=True)):
        return None
    return Geometry(
        tuple(
            replace(axis, size=n, start=axis.start + (axis.size - n) // 2 * axis.step)
            for axis, n in zip(axes, sizes, strict=True)
        )
    )


def _windows(layer, axes, kernel, stride, dilation):
    count = len(axes)
    if len(_each(kernel, count)) != count:
        return None  # a convolution along a row of pixels
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

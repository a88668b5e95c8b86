"""The arithmetic of receptive fields against what real layers see."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import regard  # noqa: F401
from regard.maps.geometry import Axis, Geometry, of_image, stretched, through

import keras  # isort: skip

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
PADDING = st.sampled_from(["valid", "same"])


def conv(kernel, stride, dilation, padding):
    return keras.layers.Conv2D(
        1,
        kernel,
        stride if dilation == 1 else 1,
        padding,
        dilation_rate=dilation,
        kernel_initializer="ones",
        data_format="channels_last",
    )


def pool(cls, size, stride, padding):
    return cls(size, stride, padding, data_format="channels_last")


def padded(amounts):
    return keras.layers.ZeroPadding2D(amounts, data_format="channels_last")


LAYER = st.one_of(
    st.builds(conv, PAIRS, st.integers(1, 3), st.integers(1, 2), PADDING),
    st.builds(
        pool,
        st.sampled_from([keras.layers.MaxPooling2D, keras.layers.AveragePooling2D]),
        PAIRS,
        st.one_of(st.none(), PAIRS),
        PADDING,
    ),
    st.builds(padded, st.tuples(PAIRS, PAIRS)),
)
SIZES = st.tuples(st.integers(9, 15), st.integers(9, 15))


def trace(layers, size):
    geometry = of_image(size)
    for layer in layers:
        geometry = through(layer, geometry)
    return geometry


def run(layers, x):
    for layer in layers:
        x = layer(x)
    return keras.ops.convert_to_numpy(x)


def seen(layers, size):
    """Runs one bright pixel at each place: which output pixels see it, `(*size, *map size)`."""
    bright = np.eye(size[0] * size[1], dtype="float32").reshape(-1, *size, 1)
    answer = run(layers, bright)[..., 0]
    return answer.reshape(*size, *answer.shape[1:]) > 0


def check_axis(axis, sees):
    """Compares with `sees`, `(image size, map size)`: does this map pixel see this image pixel."""
    assert sees.shape[1] == axis.size
    checked = 0
    for centre, column in zip(axis.centres(), sees.T, strict=True):
        first, last = centre - (axis.field - 1) / 2, centre + (axis.field - 1) / 2
        if first >= 0 and last <= len(column) - 1:
            places = np.flatnonzero(column)
            assert (places[0], places[-1]) == (first, last)
            checked += 1
    return checked


@settings(max_examples=25, deadline=None)
@given(st.lists(LAYER, min_size=1, max_size=3), SIZES)
def test_random_stacks_see_what_the_arithmetic_says(layers, size):
    geometry = trace(layers, size)
    if min(axis.size for axis in geometry.axes) < 1:
        return
    sees = seen(layers, size)
    check_axis(geometry.axes[0], sees.any(axis=(1, 3)))
    check_axis(geometry.axes[1], sees.any(axis=(0, 2)))


@pytest.mark.parametrize("size", [(15, 12), (14, 13)])
def test_a_deep_stack_is_checked_away_from_the_borders(size):
    layers = [
        conv((3, 2), 1, 1, "same"),
        pool(keras.layers.MaxPooling2D, (2, 2), None, "valid"),
        conv((2, 3), 1, 1, "valid"),
    ]
    geometry, sees = trace(layers, size), seen(layers, size)
    assert check_axis(geometry.axes[0], sees.any(axis=(1, 3))) >= 3
    assert check_axis(geometry.axes[1], sees.any(axis=(0, 2))) >= 2


def test_the_tutorial_by_hand():
    layers = [
        keras.layers.Conv2D(1, 3),
        keras.layers.Conv2D(1, 3),
        keras.layers.MaxPooling2D(2),
    ]
    axis = Axis(size=12, step=2.0, start=2.5, field=6.0)
    assert trace(layers, (28, 28)) == Geometry((axis, axis))


def test_cropping_takes_the_first_pixels_away():
    layer = keras.layers.Cropping2D(((2, 1), (0, 3)), data_format="channels_last")
    geometry, sees = trace([layer], (9, 11)), seen([layer], (9, 11))
    assert check_axis(geometry.axes[0], sees.any(axis=(1, 3))) == 6
    assert check_axis(geometry.axes[1], sees.any(axis=(0, 2))) == 8


def test_upsampling_keeps_the_middle():
    layers = [
        keras.layers.Conv2D(1, 3, 2, data_format="channels_last"),
        keras.layers.UpSampling2D((2, 3), data_format="channels_last"),
    ]
    before, after = trace(layers[:1], (9, 15)), trace(layers, (9, 15))
    assert tuple(a.size for a in after.axes) == run(layers, np.zeros((1, 9, 15, 1))).shape[1:3]
    for old, new, factor in zip(before.axes, after.axes, (2, 3), strict=True):
        assert new.step == old.step / factor
        np.testing.assert_allclose(new.centres().reshape(-1, factor).mean(axis=1), old.centres())


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Flatten(),
        keras.layers.Reshape((-1,)),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Conv2DTranspose(1, 3),
    ],
)
def test_what_leaves_the_image_has_no_place(layer):
    geometry = through(layer, of_image((9, 7)))
    assert geometry is None
    assert through(keras.layers.Dense(2), geometry) is None


@pytest.mark.parametrize(
    "layer", [keras.layers.ReLU(), keras.layers.BatchNormalization(), keras.layers.Add()]
)
def test_what_works_on_each_pixel_keeps_the_place(layer):
    assert through(layer, of_image((9, 7))) == of_image((9, 7))


def test_a_stretched_map_covers_the_image():
    rows, columns = stretched((8, 9), (4, 3)).axes
    np.testing.assert_allclose(rows.centres(), [0.5, 2.5, 4.5, 6.5])
    np.testing.assert_allclose(columns.centres(), [1, 4, 7])
    assert (rows.field, columns.field) == (2, 3)

import numpy as np
import pytest

from regard.errors import DataError
from regard.reports.pictures import (
    as_rgb,
    bar_ticks,
    is_flat,
    overlay,
    paint,
    shared_scale,
)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 3)])
def test_grey_and_colour(shape):
    assert as_rgb(np.zeros(shape, np.uint8)).shape == (4, 6, 3)


@pytest.mark.parametrize("image", [np.zeros((4, 6)), np.zeros((4, 6, 2), np.uint8), np.uint8(1)])
def test_not_an_image(image):
    with pytest.raises(DataError):
        as_rgb(image)


def test_softmax_noise_is_flat_and_structure_is_not():
    assert is_flat(np.full((3, 3), 1 / 9) + 1e-9 * np.eye(3))
    assert is_flat(np.zeros((3, 3)))
    assert not is_flat(np.eye(3))


def test_scale_spans_all_maps():
    assert shared_scale([np.eye(2), np.full((2, 2), 3.0)])[1] == [0, 3]


def test_nan_is_refused():
    with pytest.raises(DataError, match="finite"):
        shared_scale([np.full((2, 2), np.nan)])


def test_overlay_stretches_each_value_as_a_block():
    values = np.array([[0.0, 1.0]])
    laid = overlay(np.zeros((2, 4), np.uint8), values, shared_scale([values])[0])
    assert (laid[:, :2] == laid[0, 0]).all()
    assert (laid[:, 2:] == laid[0, 3]).all()
    assert laid[0, 3].sum() > laid[0, 0].sum()


def test_signed_maps_are_neutral_at_zero_and_alike_on_both_sides():
    values = np.array([[-0.25, 0.0, 0.25, 1.0]])
    scale, ends = shared_scale([values])
    below, zero, above, _ = paint(values, scale)[0].astype(int)
    assert ends == [-0.25, 1.0]
    assert np.ptp(zero) <= 3
    assert below[2] - below[0] > 40
    assert above[0] - above[2] > 40


def test_maps_without_negative_values_keep_one_way_colours():
    values = np.array([[-1e-9, 0.5, 1.0]])
    assert paint(values, shared_scale([values])[0])[0, 0].tolist() == [68, 1, 84]


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8"])
@pytest.mark.filterwarnings("error")
def test_the_largest_numbers_of_a_type(dtype):
    limits = np.iinfo(dtype) if dtype == "int8" else np.finfo(dtype)
    values = np.array([[limits.min, 0, limits.max]], dtype)
    scale, ends = shared_scale([values])
    assert not is_flat(values)
    assert ends == [float(limits.min), float(limits.max)]
    laid = overlay(np.zeros((3, 6), np.uint8), values, scale)
    assert laid[0, 0, 2] > laid[0, 0, 0]


@pytest.mark.parametrize("value", [1e-300, 1e300, -3.0])
@pytest.mark.filterwarnings("error")
def test_flat_maps_have_one_colour(value):
    values = np.full((2, 3), value)
    scale, ends = shared_scale([values])
    assert ends == [value]
    assert len(np.unique(paint(values, scale).reshape(-1, 3), axis=0)) == 1


def test_hue_comes_from_the_map_alone():
    values = np.zeros((1, 2))
    scale, _ = shared_scale([values, np.ones((1, 2))])
    image = np.array([[[200, 0, 0], [0, 0, 200]]], np.uint8)
    laid = overlay(image, values, scale).astype(int)
    assert np.ptp(laid[0, 0] - laid[0, 1]) <= 1


def test_a_map_with_more_axes_is_refused():
    with pytest.raises(DataError, match="rows, columns"):
        paint(np.zeros((1, 2, 2)), shared_scale([np.eye(2)])[0])


def test_no_map():
    with pytest.raises(DataError, match="no map"):
        shared_scale([])


def test_bar_tells_near_ends_apart_and_drops_a_crowded_zero():
    assert list(bar_ticks([0.99987, 0.99991]).values()) == ["0.99987", "0.99991"]
    assert list(bar_ticks([-0.01, 1.0])) == [-0.01, 1.0]
    assert list(bar_ticks([0.5]).values()) == ["0.5"]


def test_the_image_shows_through():
    image = np.array([[0, 255]], np.uint8)
    values = np.zeros((1, 2))
    black, white = overlay(image, values, shared_scale([values])[0])[0].astype(int)
    assert (white - black > 60).all()
    assert (black > 30).all()

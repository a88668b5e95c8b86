import numpy as np
import pytest

from regard.errors import DataError
from regard.reports.pictures import as_rgb, is_flat, overlay, shared_scale


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

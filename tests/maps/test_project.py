import numpy as np
import pytest

import regard  # noqa: F401
from regard.maps.geometry import Axis, Geometry, of_image, stretched
from regard.maps.project import nearest_pixel, to_image

GEOMETRY = Geometry((Axis(4, 3.0, 2.0, 5.0), Axis(6, 2.0, 1.5, 4.0)))
SIZE = (13, 15)


def test_a_constant_map_is_a_constant_picture():
    np.testing.assert_allclose(to_image(np.full((2, 4, 6), 0.25), GEOMETRY, SIZE), 0.25)
    assert to_image(np.ones((2, 4, 6)), GEOMETRY, SIZE).shape == (2, *SIZE)


def test_the_map_of_the_image_itself_is_the_picture():
    values = np.random.default_rng(0).random((2, *SIZE))
    np.testing.assert_allclose(to_image(values, of_image(SIZE), SIZE), values)


def test_between_two_centres_the_nearer_one_weighs_more():
    values = np.random.default_rng(0).random((1, 4, 6))
    picture = to_image(values, GEOMETRY, SIZE)[:, [2, 5, 8, 11]]  # the rows' centres
    left, right = values[..., :-1], values[..., 1:]
    np.testing.assert_allclose(picture[..., 2:12:2], 0.75 * left + 0.25 * right)
    np.testing.assert_allclose(picture[..., 3:13:2], 0.25 * left + 0.75 * right)


def test_a_slope_stays_a_slope_between_the_centres():
    rows, columns = (axis.centres() for axis in GEOMETRY.axes)
    values = (2 * rows[:, None] - columns)[None]
    picture = to_image(values, GEOMETRY, SIZE)[0]
    inside = np.ix_(range(2, 12), range(2, 12))
    want = 2 * np.arange(13)[:, None] - np.arange(15.0)
    np.testing.assert_allclose(picture[inside], want[inside], atol=1e-12)


def test_beyond_the_outermost_centres_the_nearest_value_holds():
    values = np.random.default_rng(1).random((1, 4, 6))
    picture = to_image(values, GEOMETRY, SIZE)
    np.testing.assert_allclose(picture[:, :2, :2], values[:, :1, :1].repeat(2, 1).repeat(2, 2))
    np.testing.assert_allclose(picture[:, 11:, 12:], np.full((1, 2, 3), values[0, -1, -1]))


@pytest.mark.parametrize(
    ("position", "pixel"),
    [((0, 0), (0, 0)), ((5, 0), (1, 0)), ((6, 7), (1, 3)), ((7, 8), (2, 3)), ((12, 14), (3, 5))],
)
def test_nearest_pixel(position, pixel):
    assert nearest_pixel(GEOMETRY, position) == pixel


def test_rows_and_columns_are_not_mixed_up():
    values = np.zeros((1, 2, 3))
    values[0, 1, 0] = 1
    picture = to_image(values, stretched((4, 12), (2, 3)), (4, 12))[0]
    assert np.unravel_index(picture.argmax(), picture.shape) == (3, 0)
    assert picture[:1].max() == 0

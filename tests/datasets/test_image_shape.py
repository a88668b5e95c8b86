import pytest

from regard.datasets.image_shape import shape_of

GREY, COLOUR = (28, 28, "L"), (480, 640, "RGB")


@pytest.mark.parametrize(
    ("pictures", "shape"),
    [
        ([], (96, 96, 1)),
        ([GREY, GREY], (28, 28, 1)),
        ([(64, 50, "RGB")] * 2, (64, 50, 3)),
        ([(65, 50, "L")] * 2, (96, 96, 1)),
        ([(96, 96, "L"), (28, 28, "I;16")], (96, 96, 1)),
        ([GREY, (28, 30, "L"), GREY], (96, 96, 1)),
        ([GREY, COLOUR], (96, 96, 3)),
    ],
)
def test_shape_by_default(pictures, shape):
    assert shape_of(pictures) == shape


def test_a_size_that_is_given_rules():
    assert shape_of([GREY, GREY], 40) == (40, 40, 1)
    assert shape_of([GREY, COLOUR], 40) == (40, 40, 3)


@pytest.mark.parametrize("image_size", [None, 40])
def test_no_more_pictures_are_looked_at_than_tell_the_shape(image_size):
    pictures = iter([GREY, COLOUR, GREY, GREY])
    shape_of(pictures, image_size)
    assert len(list(pictures)) == 2

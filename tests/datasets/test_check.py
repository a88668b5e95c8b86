import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from regard.datasets.check import as_images, as_labels
from regard.errors import DataError

SIDES = st.integers(4, 6)
SHAPES = st.one_of(
    st.tuples(SIDES, SIDES),
    st.tuples(SIDES, SIDES, SIDES),
    st.tuples(SIDES, SIDES, st.sampled_from([1, 3])),
    st.tuples(st.integers(1, 3), SIDES, SIDES, st.sampled_from([1, 3])),
)


@given(hnp.arrays(np.uint8, SHAPES))
def test_uint8_images(images):
    result = as_images(images)
    assert result.dtype == np.float32
    assert result.ndim == 4
    assert result.shape[-1] in (1, 3)
    np.testing.assert_array_equal(np.round(result * 255).ravel(), images.ravel())


@given(hnp.arrays(st.sampled_from([np.float16, np.float32, np.float64]), SHAPES, fill=st.just(1)))
def test_float_images_are_kept_or_refused(images):
    if np.isfinite(images).all() and images.min() >= 0 and images.max() <= 1:
        np.testing.assert_array_equal(as_images(images).ravel(), images.ravel().astype(np.float32))
    else:
        with pytest.raises(DataError):
            as_images(images)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((28, 28), (1, 28, 28, 1)),
        ((28, 28, 3), (1, 28, 28, 3)),
        ((28, 28, 1), (1, 28, 28, 1)),
        ((5, 28, 28), (5, 28, 28, 1)),
        ((5, 28, 28, 3), (5, 28, 28, 3)),
    ],
)
def test_shapes_of_images(shape, expected):
    assert as_images(np.zeros(shape)).shape == expected


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((0, 28, 28)), "no images"),
        (np.zeros(28), "shape"),
        (np.zeros((1, 28, 28, 2)), "shape"),
        (np.zeros((1, 1, 28, 28, 1)), "shape"),
        (np.full((28, 28), np.nan), "NaN"),
        (np.full((28, 28), np.inf), "infinity"),
        (np.full((28, 28), 255.0), "divide by 255"),
        (np.full((28, 28), -0.1), "0…1"),
        (np.zeros((28, 28), np.int64), "int64"),
        (np.full((28, 28), "a"), "<U1"),
        ([[1.0], [1.0, 0.5]], "one shape"),
    ],
)
def test_refused_images(images, message):
    with pytest.raises(DataError, match=message):
        as_images(images)


@given(hnp.arrays(hnp.integer_dtypes() | hnp.unsigned_integer_dtypes(), st.integers(1, 20)))
def test_whole_labels_are_kept_or_refused(labels):
    if all(0 <= int(label) < 10 for label in labels):
        for given_as in (labels, labels[:, None], labels.astype(np.float32)):
            result = as_labels(given_as, classes=10, count=len(labels))
            assert result.dtype == np.int64
            np.testing.assert_array_equal(result, labels)
    else:
        with pytest.raises(DataError, match="out of range: 10 classes"):
            as_labels(labels, classes=10)


@given(hnp.arrays(hnp.floating_dtypes(sizes=(16, 32, 64)), st.integers(1, 5)))
def test_any_floats_are_whole_or_refused(labels):
    try:
        result = as_labels(labels)
    except DataError:
        return
    np.testing.assert_array_equal(result, labels)


@given(st.lists(st.integers(0, 6), min_size=1), st.sampled_from([bool, np.uint8, np.float32]))
def test_one_hot(labels, dtype):
    result = as_labels(np.eye(7, dtype=dtype)[labels], classes=7)
    assert result.dtype == np.int64
    assert result.tolist() == labels


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 10], "Label 10 is out of range: 10 classes"),
        ([0, -1], "Label -1 is out of range"),
        ([0.5, 1], "fractions"),
        ([np.nan, 1], "NaN"),
        ([np.inf, 1], "infinity"),
        ([0, 1, 2], "3 labels for 2 images"),
        ([[0, 0.3, 0.7], [1, 0, 0]], r"shape \(2, 3\), which is not \(n, 10\)"),
        (np.full((2, 10), 0.1), "Soft labels"),
        (np.full((2, 10), np.nan), "not one-hot"),
        (np.zeros((2, 10)), "not one-hot"),
        ([], "no labels"),
        (["coat", "bag"], "whole numbers"),
        ([2**70, 1], "object"),
        (3, "shape"),
        ([[0], [1, 2]], "one shape"),
    ],
)
def test_refused_labels(labels, message):
    with pytest.raises(DataError, match=message):
        as_labels(labels, classes=10, count=2)

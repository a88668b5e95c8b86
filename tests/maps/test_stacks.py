"""A planted pixel is found through any stack of convolution, pooling, padding and cropping."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard import attention_maps, layers
from regard.maps.geometry import of_image, stretched
from regard.maps.planes import is_of_sizes, planes, spatial_names
from regard.maps.rollout import rollout

import keras  # isort: skip

SIZE = (23, 17)


def convolution(kernel, stride, dilation, padding):
    stride = 1 if dilation > 1 else stride
    return keras.layers.Conv2D(
        1, kernel, strides=stride, dilation_rate=dilation, padding=padding,
        kernel_initializer="ones", use_bias=False, data_format="channels_last",
    )  # fmt: skip


def pooling(kind, size, stride, padding):
    return kind(size, strides=stride, padding=padding, data_format="channels_last")


paddings = st.sampled_from(["same", "valid"])
sides = st.tuples(st.integers(0, 2), st.integers(0, 2))
parts = st.one_of(
    st.builds(convolution, st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), paddings),
    st.builds(
        pooling,
        st.sampled_from([keras.layers.MaxPooling2D, keras.layers.AveragePooling2D]),
        st.integers(1, 3),
        st.integers(1, 2),
        paddings,
    ),
    st.builds(lambda a, b: keras.layers.ZeroPadding2D((a, b)), sides, sides),
    st.builds(lambda a, b: keras.layers.Cropping2D((a, b)), sides, sides),
    st.builds(lambda n: keras.layers.UpSampling2D(n), st.integers(1, 2)),
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(parts, min_size=1, max_size=5), st.integers(0, 22), st.integers(0, 16))
def test_the_peak_is_within_the_field_of_the_planted_pixel(stack, row, column):
    attention = layers.Attention(units=1, data_format="channels_last", name="attention")
    try:
        model = keras.Sequential([keras.Input((*SIZE, 1)), *stack, attention])
    except ValueError:  # nothing is left of the image
        return
    attention.key.kernel.assign([[20.0]])
    attention.query.kernel.assign([[0.0]])
    attention.query.bias.assign([1.0])
    image = np.zeros((1, *SIZE, 1), "float32")
    image[0, row, column] = 1
    maps = attention_maps(model, image)
    values = maps["attention"].planes()[0]
    picture = maps.to_images()[0]
    if np.ptp(values) < 1e-9:  # the pixel was cropped away or skipped
        assert np.ptp(picture) < 1e-9
        return
    peaks = np.argwhere(picture >= picture.max() * (1 - 1e-5))  # beyond the edge, values hold
    axes = maps["attention"].geometry.axes
    reach = [max(axis.field, axis.step) / 2 + 0.5 for axis in axes]
    assert (np.abs(peaks - (row, column)) <= reach).all(axis=1).any()


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Resizing(12, 12, data_format="channels_last"),
        keras.layers.Resizing(12, 12, crop_to_aspect_ratio=True, data_format="channels_last"),
        keras.layers.CenterCrop(11, 9, data_format="channels_last"),
    ],
)
def test_preprocessing_in_the_model_moves_no_place(layer):
    attention = layers.Attention(units=1, data_format="channels_last", name="attention")
    model = keras.Sequential([keras.Input((*SIZE, 1)), layer, attention])
    attention.key.kernel.assign([[20.0]])
    attention.query.kernel.assign([[0.0]])
    attention.query.bias.assign([1.0])
    for place in ((11, 8), (8, 6), (14, 10)):
        image = np.zeros((1, *SIZE, 1), "float32")
        image[0, place[0] - 1 : place[0] + 2, place[1] - 1 : place[1] + 2] = 1
        picture = attention_maps(model, image).to_images()[0]
        peak = np.argwhere(picture >= picture.max() * (1 - 1e-5)).mean(axis=0)
        assert np.abs(peak - place).max() <= 1.5


def test_on_picture_finds_the_place_on_the_picture_that_was_cut():
    attention = layers.Attention(units=1, data_format="channels_last", name="attention")
    model = keras.Sequential([keras.Input((14, 10, 1)), attention])
    attention.key.kernel.assign([[20.0]])
    attention.query.kernel.assign([[0.0]])
    attention.query.bias.assign([1.0])
    image = np.zeros((1, 14, 10, 1), "float32")
    image[0, 3, 7] = 1
    maps = attention_maps(model, image)
    whole = maps.on_picture((56, 30)).to_images()[0]
    part = maps.on_picture((100, 80), box=(20, 30, 48, 60)).to_images()[0]
    assert np.unravel_index(whole.argmax(), whole.shape) in [(13, 22), (14, 22)]
    assert np.unravel_index(part.argmax(), part.shape) in [(26, 52), (27, 52)]
    with pytest.raises(ValueError, match=r"box must be .*\(56, 30\), not \(0, 0, 57, 3\)"):
        maps.on_picture((56, 30), box=(0, 0, 57, 3))


def test_each_head_has_its_picture():
    inputs = keras.Input((6, 5, 8))
    x = layers.make_layer("keras_multi_head_attention", heads=3, key_channels=2, name="own")(inputs)
    model = keras.Model(inputs, x)
    maps = attention_maps(model, np.random.default_rng(0).normal(size=(2, 6, 5, 8)))
    pictures = maps.to_images("head")
    np.testing.assert_allclose(pictures, maps["own"].values.mean(2).reshape(2, 3, 6, 5), atol=1e-7)
    np.testing.assert_allclose(pictures.mean(1), maps.to_images(), atol=1e-6)
    assert maps["own"].projections == ["received", "query", "rollout", "head"]


def test_attention_along_lines_falls_on_its_rows_and_columns():
    values = np.random.default_rng(1).random((2, 3, 4, 5, 5))  # batch, column, head, query, key
    got = planes(values, ("batch", "column", "head", "query", "key"), of_image((5, 3)))
    np.testing.assert_allclose(got, values.mean((2, 3)).transpose(0, 2, 1))


def test_offsets_and_branches_tell_of_no_pixel():
    assert spatial_names(("batch", "head", "row", "column", "position"), ("position",)) is None
    assert spatial_names(("batch", "branch", "row", "column"), ("branch",)) is None
    assert spatial_names(("batch", "branch", "row", "column"), ()) is not None


def test_the_sizes_decide_whether_a_geometry_fits():
    place = of_image((4, 6))
    assert is_of_sizes(("batch", "query", "key"), (2, 24, 24), place)
    assert not is_of_sizes(("batch", "query", "key"), (2, 24, 6), place)
    assert is_of_sizes(("batch", "row", "head", "query", "key"), (2, 4, 3, 6, 6), place)
    assert not is_of_sizes(("batch", "row", "column"), (2, 6, 4), place)
    assert not is_of_sizes(("batch", "row", "column"), (2, 4, 6), None)


def test_rollout_of_one_layer_is_half_its_attention():
    values = np.random.default_rng(0).dirichlet(np.ones(6), size=(2, 6))
    place = stretched((4, 6), (2, 3))
    got = rollout([(values, place)])
    np.testing.assert_allclose(got.reshape(2, 6), (values.mean(1) + 1 / 6) / 2)
    both = rollout([(values, place), (values, place)]).reshape(2, 6)
    joint = (values + np.eye(6)) / 2
    np.testing.assert_allclose(both, (joint @ joint).mean(1))


def test_rollout_through_maps_of_other_sizes_sums_to_one():
    rng = np.random.default_rng(0)
    early = rng.dirichlet(np.ones(24), size=(2, 24)), stretched((8, 6), (6, 4))
    late = rng.dirichlet(np.ones(6), size=(2, 6)), stretched((8, 6), (3, 2))
    got = rollout([early, late])
    assert got.shape == (2, 6, 4)
    np.testing.assert_allclose(got.sum((1, 2)), 1)

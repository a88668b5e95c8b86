import numpy as np
import pytest

from regard.layers.axial import AxialAttention
from regard.layers.axial_deeplab import AxialDeeplabAttention
from regard.layers.criss_cross import CrissCrossAttention

import keras  # isort: skip

LAST = {"data_format": "channels_last"}


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def image(*shape):
    return np.random.default_rng(4).normal(size=shape).astype("float32")


def awake(layer, shape):
    layer.build(shape)
    rng = np.random.default_rng(3)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.3)
    return layer


def shapes(layer):
    return {w.path.split("/", 1)[1]: tuple(w.shape) for w in layer.trainable_weights}


def test_axial_has_the_papers_widths():
    layer = AxialAttention(**LAST)
    layer.build((None, None, None, 32))
    assert layer.heads == 8
    assert {shape for path, shape in shapes(layer).items() if "kernel" in path} == {(32, 32)}
    assert [path for path in shapes(layer) if path.endswith("bias")] == [
        "height_project/bias",
        "width_project/bias",
    ]


def test_axial_sees_its_own_column_and_row_only():
    layer, x = awake(AxialAttention(2, **LAST), (1, 5, 7, 8)), image(1, 5, 7, 8)
    changed = x.copy()
    changed[0, 2, 3] += 1
    differs = np.abs(array(layer(changed)) - array(layer(x))).max((0, 3)) > 1e-6
    cross = np.zeros((5, 7), bool)
    cross[2], cross[:, 3] = True, True
    np.testing.assert_array_equal(differs, cross)


def test_sequential_axial_sees_everything():
    layer = awake(AxialAttention(2, sequential=True, **LAST), (1, 5, 7, 8))
    x = image(1, 5, 7, 8)
    changed = x.copy()
    changed[0, 2, 3] += 1
    assert (np.abs(array(layer(changed)) - array(layer(x))).max((0, 3)) > 0).all()


def test_deeplab_queries_and_keys_have_half_the_channels():
    layer = AxialDeeplabAttention(**LAST)
    layer.build((None, 5, 7, 32))
    found = shapes(layer)
    assert found["project/kernel"] == (32, 64)
    assert found["query_positions"] == found["key_positions"] == (9, 2)
    assert found["value_positions"] == (9, 4)


def test_deeplab_norms_follow_the_batch_in_training():
    layer, x = awake(AxialDeeplabAttention(heads=2, **LAST), (4, 5, 7, 8)), image(4, 5, 7, 8)
    before = [array(weight) for weight in layer.non_trainable_weights]
    layer(x, training=True)
    assert len(before) == 12
    for weight, old in zip(layer.non_trainable_weights, before, strict=True):
        assert not np.array_equal(array(weight), old), weight.path


@pytest.mark.parametrize(("size", "want"), [((5, 7), (2, 3)), ((1, 4), (1, 2))])
def test_deeplab_averages_over_the_stride(size, want):
    x = image(2, *size, 8)
    whole = array(awake(AxialDeeplabAttention(heads=2, **LAST), x.shape)(x))
    got = array(awake(AxialDeeplabAttention(heads=2, stride=2, **LAST), x.shape)(x))
    assert got.shape == (2, *want, 8)
    np.testing.assert_allclose(got[:, 0, 0], whole[:, :2, :2].mean((1, 2)), rtol=1e-4, atol=1e-5)


def test_criss_cross_has_the_papers_defaults():
    layer = CrissCrossAttention(**LAST)
    layer.build((None, None, None, 32))
    assert layer.recurrence == 2
    assert shapes(layer)["query/kernel"] == shapes(layer)["key/kernel"] == (32, 4)
    assert set(layer.attention_axes) == {"attention_1", "attention_2"}


def test_criss_cross_counts_its_own_pixel_once():
    layer = awake(CrissCrossAttention(recurrence=1, **LAST), (2, 5, 7, 8))
    _, attention = layer(image(2, 5, 7, 8), return_attention_scores=True)
    attention = array(attention)
    for row in range(5):
        assert (attention[:, row, :, row] == 0).all()
        assert (np.delete(attention[:, row], row, axis=-1) > 0).all()


@pytest.mark.parametrize(
    ("layer", "arguments", "named"),
    [
        (AxialAttention, {"heads": 0}, "heads.*0"),
        (AxialAttention, {"key_channels": 2.5}, "key_channels.*2.5"),
        (AxialAttention, {"sequential": 1}, "sequential.*1"),
        (AxialDeeplabAttention, {"filters": 0}, "filters.*0"),
        (AxialDeeplabAttention, {"heads": -1}, "heads.*-1"),
        (AxialDeeplabAttention, {"axis": "depth"}, "axis.*'height', 'width'.*'depth'"),
        (AxialDeeplabAttention, {"stride": 0}, "stride.*0"),
        (CrissCrossAttention, {"reduction_ratio": 0}, "reduction_ratio.*0"),
        (CrissCrossAttention, {"key_channels": True}, "key_channels.*True"),
        (CrissCrossAttention, {"recurrence": 0}, "recurrence.*0"),
    ],
)
def test_names_what_is_wrong(layer, arguments, named):
    with pytest.raises(ValueError, match=named):
        layer(**arguments)


@pytest.mark.parametrize(
    ("layer", "shape", "named"),
    [
        (AxialAttention(3), (2, 5, 7, 8), "heads=3 does not divide the 8"),
        (AxialAttention(3, key_channels=4), (2, 5, 7, 8), "heads=3 does not divide the 4"),
        (AxialDeeplabAttention(heads=3), (2, 5, 7, 8), "heads=3 does not divide the 8"),
        (AxialDeeplabAttention(), (2, 5, 7, 8), "heads=8 leaves 1 of the 8 filters"),
        (AxialDeeplabAttention(heads=2), (2, None, 7, 8), "known spatial size"),
        (CrissCrossAttention(), (2, 5, 7, 4), "reduction_ratio=8 is more than the 4"),
    ],
    ids=str,
)
def test_refuses_what_does_not_go_together(layer, shape, named):
    with pytest.raises(ValueError, match=named):
        layer.build(shape)

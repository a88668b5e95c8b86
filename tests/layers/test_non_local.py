import numpy as np
import pytest

from regard.layers.non_local import NonLocal

import keras  # isort: skip

MODES = ("embedded_gaussian", "gaussian", "dot_product", "concatenation")
UNBOUNDED = ("dot_product", "concatenation")


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def image(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def built(shape, **arguments):
    layer = NonLocal(data_format="channels_last", **arguments)
    layer.build(shape)
    return layer


def awake(layer):
    rng = np.random.default_rng(1)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


@pytest.mark.parametrize("use_batch_norm", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_starts_as_the_identity(mode, use_batch_norm):
    x = image(2, 5, 7, 8)
    layer = built(x.shape, mode=mode, use_batch_norm=use_batch_norm)
    np.testing.assert_array_equal(array(layer(x)), x)


@pytest.mark.parametrize("mode", MODES)
def test_widths_are_half_of_the_channels(mode):
    layer = built((None, None, None, 12), mode=mode)
    assert layer.value.units == 6
    assert layer.project.units == 12
    assert hasattr(layer, "query") == (mode != "gaussian")


def test_reduced_channels_stand_in_for_the_ratio():
    assert built((None, 5, 7, 4), reduction_ratio=8, reduced_channels=3).query.units == 3


@pytest.mark.parametrize("mode", MODES)
def test_declares_its_attention_by_mode(mode):
    layer = NonLocal(mode)
    kind = "gate" if mode in UNBOUNDED else "distribution"
    assert layer.attention_kind == kind
    assert layer.attention_sum_axes == (() if mode in UNBOUNDED else ("key",))
    assert layer.attention_range[0] == (None if mode == "dot_product" else 0.0)


@pytest.mark.parametrize(
    ("size", "keys"), [((4, 6), 6), ((5, 7), 6), ((1, 1), 1), ((1, 5), 2), ((3, 2), 1)], ids=str
)
def test_subsampling_leaves_the_last_odd_pixel_out(size, keys):
    x = image(1, *size, 8)
    layer = built(x.shape, subsample=True)
    _, attention = layer(x, return_attention_scores=True)
    assert attention.shape == (1, size[0] * size[1], keys)
    assert layer.scores_count(x.shape) == attention.shape[1] * keys


def test_scores_are_not_counted_for_unknown_sizes():
    assert NonLocal(subsample=True).scores_count((2, None, 7, 8)) is None


def test_dot_products_of_a_large_map_need_no_scores():
    x = image(1, 300, 300, 4)  # its scores would take 30 GiB
    assert np.isfinite(array(awake(built(x.shape, mode="dot_product"))(x))).all()


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_stays_finite_in_float16(mode, training):
    x = 1000 * image(2, 5, 7, 8)
    layer = awake(built(x.shape, mode=mode, dtype="mixed_float16"))
    assert np.isfinite(array(layer(x, training=training))).all()


@pytest.mark.parametrize("mode", UNBOUNDED)
def test_is_the_identity_in_float16_too(mode):
    x = 1000 * image(2, 5, 7, 8)
    layer = built(x.shape, mode=mode, dtype="mixed_float16")
    np.testing.assert_array_equal(array(layer(x)), x.astype("float16"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "cosine"},
        {"reduction_ratio": 0},
        {"reduced_channels": -1},
        {"subsample": 1},
        {"use_batch_norm": "yes"},
    ],
    ids=str,
)
def test_names_a_wrong_argument(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        NonLocal(**wrong)


def test_refuses_fewer_channels_than_the_ratio():
    with pytest.raises(ValueError, match="reduction_ratio=8 is more than the 4 channels"):
        built((None, 5, 7, 4), reduction_ratio=8)

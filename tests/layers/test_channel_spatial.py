import numpy as np
import pytest

from regard.layers.bam import BottleneckAttention
from regard.layers.cbam import ConvolutionalBlockAttention
from regard.layers.coordinate import CoordinateAttention
from regard.layers.gam import GlobalAttentionMechanism
from regard.layers.scse import SpatialChannelSqueezeExcitation
from regard.layers.shuffle import ShuffleAttention
from regard.layers.triplet import TripletAttention

import keras  # isort: skip

REDUCING = {
    ConvolutionalBlockAttention: 16,
    SpatialChannelSqueezeExcitation: 2,
    BottleneckAttention: 16,
    GlobalAttentionMechanism: 4,
}


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def image(*shape):
    return np.random.default_rng(4).normal(size=shape).astype("float32")


def built(cls, channels, **arguments):
    layer = cls(data_format="channels_last", **arguments)
    layer.build((None, None, None, channels))
    return layer


def shapes(layer):
    return {weight.path.split("/", 1)[1]: tuple(weight.shape) for weight in layer.weights}


@pytest.mark.parametrize("cls", REDUCING)
def test_the_width_is_that_of_the_paper_by_default(cls):
    channels = 64
    found = shapes(built(cls, channels))
    name = "channel_reduce" if cls is BottleneckAttention else "reduce"
    assert found[f"{name}/kernel"] == (channels, channels // REDUCING[cls])


@pytest.mark.parametrize("cls", REDUCING)
def test_a_reduction_beyond_the_channels_is_refused(cls):
    with pytest.raises(ValueError, match="reduction_ratio=9 is more than the 8 channels"):
        built(cls, 8, reduction_ratio=9)


def test_kernels_are_those_of_the_papers_by_default():
    assert shapes(built(ConvolutionalBlockAttention, 16))["spatial/kernel"] == (7, 7, 2, 1)
    assert shapes(built(TripletAttention, 3))["row_channel/kernel"] == (7, 7, 2, 1)
    assert shapes(built(GlobalAttentionMechanism, 4))["spatial_reduce/kernel"] == (7, 7, 4, 1)
    assert shapes(built(BottleneckAttention, 16))["spatial_2/kernel"] == (3, 3, 1, 1)


@pytest.mark.parametrize(("channels", "width"), [(3, 8), (64, 8), (512, 16)])
def test_coordinate_has_at_least_eight_hidden_units(channels, width):
    assert shapes(built(CoordinateAttention, channels))["reduce/kernel"] == (channels, width)


@pytest.mark.parametrize(
    ("cls", "argument", "value"),
    [
        (ConvolutionalBlockAttention, "kernel_size", 4),
        (ConvolutionalBlockAttention, "reduced_channels", 0),
        (BottleneckAttention, "dilation_rate", 0),
        (BottleneckAttention, "convolutions", 0),
        (CoordinateAttention, "reduction_ratio", 0.5),
        (TripletAttention, "kernel_size", 2),
        (TripletAttention, "use_spatial", 1),
        (SpatialChannelSqueezeExcitation, "combine", "mean"),
        (GlobalAttentionMechanism, "padding", "reflect"),
        (GlobalAttentionMechanism, "channel_sigmoid", None),
        (ShuffleAttention, "groups", 0),
    ],
)
def test_a_wrong_argument_is_named(cls, argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be .*{value!r}"):
        cls(**{argument: value})


def test_shuffle_refuses_channels_that_it_cannot_halve_and_group():
    with pytest.raises(ValueError, match="groups=3 does not divide the 4 pairs of channels"):
        built(ShuffleAttention, 8, groups=3)
    with pytest.raises(ValueError, match="an even number of channels"):
        built(ShuffleAttention, 9, groups=3)


def test_shuffle_starts_with_one_gate_and_moves_the_channels():
    x = image(2, 3, 4, 8)
    gate = 1 / (1 + np.exp(-1))
    output = array(built(ShuffleAttention, 8, groups=2)(x))
    np.testing.assert_allclose(output, gate * x[..., [0, 4, 1, 5, 2, 6, 3, 7]], rtol=1e-6)


def test_triplet_without_the_spatial_gate_has_two_maps():
    layer = TripletAttention(use_spatial=False)
    assert set(layer.attention_axes) == {"channel_column", "row_channel"}
    assert set(TripletAttention().attention_axes) == {"channel_column", "row_channel", "spatial"}


def test_gam_bounds_its_channel_factor_only_with_the_sigmoid():
    x = image(2, 5, 4, 8) * 100
    for channel_sigmoid, bounded in ((False, False), (True, True)):
        layer = built(GlobalAttentionMechanism, 8, channel_sigmoid=channel_sigmoid)
        factor = array(layer(x, return_attention_scores=True)[1]["channel"])
        assert (np.abs(factor).max() <= 1) == bounded


def test_gam_replicates_the_border():
    layer = built(GlobalAttentionMechanism, 8)
    flat = np.broadcast_to(image(2, 1, 1, 8), (2, 3, 4, 8))
    output = array(layer(flat))
    np.testing.assert_allclose(output, np.broadcast_to(output[:, :1, :1], flat.shape), rtol=1e-4)

import numpy as np
import pytest

from regard.layers import dot_product, lambda_layer
from regard.layers.attention_augmented_conv import AttentionAugmentedConvolution
from regard.layers.botnet_mhsa import BotNetAttention
from regard.layers.halo import HaloAttention
from regard.layers.lambda_layer import LambdaLayer
from regard.layers.stand_alone_self_attention import StandAloneSelfAttention
from tests.layers.reference.compare import run

import keras  # isort: skip

CLASSES = [
    AttentionAugmentedConvolution,
    BotNetAttention,
    HaloAttention,
    LambdaLayer,
    StandAloneSelfAttention,
]


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def image(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def filled(layer, shape):
    layer.build(shape)
    rng = np.random.default_rng(1)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return layer


def shapes(layer, *channels):
    layer.build((None, 14, 14, *channels))
    below = [weight.path.split("/", 1)[1] for weight in layer.weights]
    return {path: tuple(w.shape) for path, w in zip(below, layer.weights, strict=True)}


def last(cls, *args, **arguments):
    return cls(*args, data_format="channels_last", **arguments)


def halo_in_numpy(layer, x):
    """Output and attention for each pixel by itself: the window of its block, zeros outside."""
    block, halo, heads = layer.block_size, layer.halo_size, layer.heads
    side = block + 2 * halo
    weights = {w.path.split("/", 1)[1]: array(w).astype("float64") for w in layer.weights}
    q, k, v = (
        x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]
        for name in ("query", "key", "value")
    )
    batch, rows, columns = x.shape[:3]
    size, value_size = q.shape[-1] // heads, v.shape[-1] // heads
    output = np.zeros(v.shape)
    attention = {}
    for n, head, i, j in np.ndindex(batch, heads, rows, columns):
        mine = slice(head * size, (head + 1) * size)
        values = slice(head * value_size, (head + 1) * value_size)
        top, left = i // block * block - halo, j // block * block - halo
        logits, seen = np.zeros((side, side)), np.zeros((side, side, value_size))
        for a, b in np.ndindex(side, side):
            key = np.zeros(size)
            if 0 <= top + a < rows and 0 <= left + b < columns:
                key = k[n, top + a, left + b, mine]
                seen[a, b] = v[n, top + a, left + b, values]
            row = weights["row_positions"][a - i % block + side - 1]
            column = weights["column_positions"][b - j % block + side - 1]
            logits[a, b] = q[n, i, j, mine] @ (key + row + column) / np.sqrt(size)
        weight = np.exp(logits - logits.max())
        weight /= weight.sum()
        output[n, i, j, values] = np.einsum("ab,abv->v", weight, seen)
        group = (i // block) * -(-columns // block) + j // block
        attention[n, head, group, i % block * block + j % block] = weight.ravel()
    return output, attention


@pytest.mark.parametrize("size", [(5, 7), (6, 3), (1, 2)])
def test_halo_pads_what_the_block_does_not_divide(size):
    x = image(2, *size, 8)
    layer = last(HaloAttention, 2, 3, 2, filters=6, key_channels=4, use_bias=True)
    output, attention = map(array, filled(layer, x.shape)(x, return_attention_scores=True))
    want, maps = halo_in_numpy(layer, x)
    np.testing.assert_allclose(output, want, rtol=1e-5, atol=1e-5)
    for place, weights in maps.items():
        np.testing.assert_allclose(attention[place], weights, rtol=1e-4, atol=1e-6)


def test_bias_is_in_the_border_of_stand_alone_self_attention():
    layer = filled(
        last(StandAloneSelfAttention, kernel_size=3, heads=2, use_bias=True), (2, 1, 1, 8)
    )
    x = image(2, 1, 1, 8)
    output, attention = map(array, layer(x, return_attention_scores=True))
    inner = array(layer.value(x)) * np.repeat(attention[..., 4], 4, axis=1).reshape(2, 1, 1, 8)
    around = array(layer.value(0 * x)) * np.repeat(1 - attention[..., 4], 4, 1).reshape(2, 1, 1, 8)
    np.testing.assert_allclose(output, inner + around, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cls", [AttentionAugmentedConvolution, BotNetAttention, HaloAttention])
def test_parts_give_what_the_whole_gives(cls, monkeypatch):
    x = image(2, 5, 7, 8)
    layer = filled(last(cls, heads=2), x.shape)
    want = array(layer(x))
    for name in ("WHOLE", "PART"):
        monkeypatch.setattr(dot_product, name, 500)
    np.testing.assert_allclose(array(layer(x)), want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kernel_size", [15, 21])
def test_a_local_lambda_over_the_whole_map_is_the_global_one(kernel_size):
    x = image(2, 5, 7, 8)
    whole = filled(last(LambdaLayer, kernel_size=None), x.shape)
    local = last(LambdaLayer, kernel_size=kernel_size)
    local.build(x.shape)
    for weight in whole.weights:
        path = weight.path.split("/", 1)[1]
        own = next(w for w in local.weights if w.path.split("/", 1)[1] == path)
        value = array(weight)
        if path == "position/kernel":
            margin = [((kernel_size - n) // 2,) * 2 for n in value.shape[:2]]
            value = np.pad(value, (*margin, (0, 0), (0, 0)))
        own.assign(value)
    np.testing.assert_allclose(array(local(x)), array(whole(x)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("mixed_float16", 1e-2)])
@pytest.mark.parametrize("kernel_size", [None, 7, 11, 15])
def test_lambda_by_table_is_the_convolution(kernel_size, dtype, tolerance, monkeypatch):
    x, seed = image(2, 5, 7, 8), image(2, 5, 7, 8, seed=2)
    layer = filled(last(LambdaLayer, kernel_size=kernel_size, dtype=dtype), x.shape)
    assert layer._takes_table(*x.shape[1:3])
    output, _, (gradient,) = run(in_float32(layer), [x], seed, "float32")
    monkeypatch.setattr(lambda_layer, "TABLE", 0)
    want, _, (want_gradient,) = run(in_float32(layer), [x], seed, "float32")
    for got, wanted in ((output, want), (gradient, want_gradient)):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance * np.abs(wanted).max())


def in_float32(layer):
    def call(x, return_attention_scores):
        return keras.ops.cast(layer(x), "float32"), keras.ops.zeros(1)

    return call


def test_lambda_takes_the_convolution_where_its_kernel_is_small_or_the_size_unknown():
    layer = last(LambdaLayer, kernel_size=5)
    layer.build((None, None, None, 8))
    assert layer._takes_table(5, 5)
    assert not layer._takes_table(5, 6)
    assert not layer._takes_table(5, None)


def test_lambda_stays_finite_in_float16():
    x = image(2, 5, 7, 8) * 1000
    layer = filled(last(LambdaLayer, kernel_size=3, dtype="mixed_float16"), x.shape)
    assert np.isfinite(array(layer(x)).astype("float32")).all()


def test_stride_pools_after_the_attention():
    x = image(2, 5, 7, 8)
    fine, coarse = (filled(last(BotNetAttention, stride=n), x.shape) for n in (1, 2))
    want, attention = map(array, fine(x, return_attention_scores=True))
    got, same = map(array, coarse(x, return_attention_scores=True))
    cells = want[:, :4, :6].reshape(2, 2, 2, 3, 2, 8).mean((2, 4))
    np.testing.assert_allclose(got, cells, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(same, attention)


def test_widths_are_the_papers():
    wide = shapes(last(AttentionAugmentedConvolution), 256)
    assert wide["query/kernel"] == wide["key/kernel"] == (256, 160)
    assert wide["value/kernel"] == (256, 24)
    assert wide["convolution/kernel"] == (3, 3, 256, 232)
    wide = shapes(last(AttentionAugmentedConvolution), 2048)
    assert wide["query/kernel"] == (2048, 408)
    wide = shapes(last(BotNetAttention), 512)
    assert wide["query/kernel"] == wide["value/kernel"] == (512, 512)
    assert wide["row_positions"] == wide["column_positions"] == (27, 128)
    wide = shapes(last(HaloAttention), 64)
    assert wide["row_positions"] == wide["column_positions"] == (27, 8)
    wide = shapes(last(StandAloneSelfAttention), 64)
    assert wide["row_positions"] == wide["column_positions"] == (7, 32)
    wide = shapes(last(LambdaLayer), 64)
    assert (wide["query/kernel"], wide["value/kernel"]) == ((64, 64), (64, 16))
    assert wide["position/kernel"] == (23, 23, 1, 16)


def test_attention_augmented_convolution_can_be_attention_alone():
    layer = last(AttentionAugmentedConvolution, value_channels=8)
    assert not any("convolution/" in path for path in shapes(layer, 8))


def test_weights_depend_on_the_size_only_where_said():
    assert not last(AttentionAugmentedConvolution, relative=False).fixed_size
    assert last(AttentionAugmentedConvolution).fixed_size
    assert not last(LambdaLayer).fixed_size
    assert last(LambdaLayer, kernel_size=None).fixed_size
    with pytest.raises(ValueError, match="known spatial size"):
        last(LambdaLayer, kernel_size=None).build((None, None, None, 8))


WRONG = {
    "filters": (0, 1.5),
    "heads": (0, "2"),
    "key_channels": (0, True),
    "value_channels": (0,),
    "kernel_size": (0, 2.0),
    "block_size": (0,),
    "halo_size": (-1,),
    "stride": (0,),
    "relative": (1,),
    "scale_position": (1,),
    "use_bias": (0,),
}


@pytest.mark.parametrize("cls", CLASSES)
def test_wrong_arguments_are_named(cls):
    names = set(last(cls).get_config()) & set(WRONG)
    assert len(names) >= 4
    for name in names:
        for value in WRONG[name]:
            with pytest.raises(ValueError, match=f"{name}.*{value!r}"):
                cls(**{name: value})


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (BotNetAttention(heads=3), "heads=3 does not divide the 8 filters"),
        (BotNetAttention(heads=4, key_channels=6), "heads=4 does not divide the 6 key_channels"),
        (BotNetAttention(stride=6), "stride must be .* 1…5, not 6"),
        (HaloAttention(heads=3), "heads=3"),
        (HaloAttention(heads=4, key_channels=6), "key_channels"),
        (AttentionAugmentedConvolution(heads=3, key_channels=4), "heads=3.*4 key_channels"),
        (AttentionAugmentedConvolution(heads=2, value_channels=3), "heads=2.*3 value_channels"),
        (AttentionAugmentedConvolution(value_channels=16), "value_channels=16 is more than the 8"),
        (StandAloneSelfAttention(heads=3), "heads=3"),
        (StandAloneSelfAttention(heads=1, filters=5), "filters must be even.*not 5. Choose 4 or 6"),
        (LambdaLayer(heads=3), "heads=3"),
    ],
)
def test_wrong_combinations_are_named(layer, message):
    layer.data_format = "channels_last"
    with pytest.raises(ValueError, match=message):
        layer.build((2, 5, 7, 8))


@pytest.mark.parametrize("cls", [LambdaLayer, StandAloneSelfAttention])
def test_even_kernels_are_refused(cls):
    with pytest.raises(ValueError, match=r"kernel_size must be odd.*4\. Choose 3 or 5"):
        cls(kernel_size=4)

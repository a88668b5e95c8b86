"""A folded model gives what the model gives, and learns what it learns."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.models.folding.stacks import (
    assert_equal_outputs,
    fold_all,
    numpy,
    pictures,
    sequential,
    set_values,
    step,
    tolerance,
    values,
)

import keras  # isort: skip

layers = keras.layers
FORMATS = ["channels_last", "channels_first"]
ON_CPU = FORMATS[:1] if keras.config.backend() == "tensorflow" else FORMATS
few = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@st.composite
def maps(draw, rank, data_format):
    """A name in `keras.layers`, and arguments."""
    kinds = ["Conv", "Conv", "Conv", "DepthwiseConv", "AveragePooling", "BatchNormalization"]
    kind = draw(st.sampled_from(kinds))
    if kind == "BatchNormalization":
        return kind, {"axis": -1 if data_format == "channels_last" else 1}
    name, stride = f"{kind}{rank}D", draw(st.integers(1, 2))
    options = {
        "padding": draw(st.sampled_from(["valid", "valid", "same"])),
        "data_format": data_format,
        "strides": stride,
    }
    size = draw(st.tuples(*[st.integers(1, 3)] * rank))
    if kind == "AveragePooling":
        return name, options | {"pool_size": size}
    options |= {
        "kernel_size": size,
        "use_bias": draw(st.booleans()),
        "dilation_rate": draw(st.integers(1, 2)) if stride == 1 else 1,
    }
    if kind == "DepthwiseConv":
        return name, options | {"depth_multiplier": draw(st.integers(1, 2))}
    groups, filters = draw(st.sampled_from([1, 1, 2, 4])), draw(st.sampled_from([4, 8]))
    return name, options | {"groups": groups, "filters": filters}


@st.composite
def stacks(draw):
    """The shape of an image, and layers as `maps` gives them."""
    rank = draw(st.integers(1, 2))
    data_format = draw(st.sampled_from(ON_CPU))
    body = [draw(maps(rank, data_format)) for _ in range(draw(st.integers(2, 4)))]
    if draw(st.booleans()):
        body += [("Flatten", {"data_format": data_format}), ("Dense", {"units": 3})]
        norm_and_dense = [("BatchNormalization", {}), ("Dense", {"units": 2})]
        body += draw(st.sampled_from([[], norm_and_dense]))
    sizes = draw(st.tuples(*[st.integers(9, 13)] * rank))
    return (*sizes, 4) if data_format == "channels_last" else (4, *sizes), body


def built(shape, body):
    try:
        return sequential(shape, *(getattr(layers, name)(**options) for name, options in body))
    except ValueError as error:
        assume("negative" not in str(error) and "too small" not in str(error).lower())
        raise


@few
@given(stacks())
def test_gives_the_same_in_inference(stack):
    model = built(*stack)
    assert_equal_outputs(model, fold_all(model, training=False))


@few
@given(stacks())
def test_learns_the_same(stack):
    model = built(*stack)
    assume(model.trainable_variables)
    folded = fold_all(model)
    x, start = pictures(model), values(model)
    y = np.zeros((3, *model.output_shape[1:]))
    loss, expected = step(model, model, keras.optimizers.SGD(1.0), x, y)
    set_values(model, start)
    found_loss, found = step(folded, model, keras.optimizers.SGD(1.0), x, y)
    np.testing.assert_allclose(found_loss, loss, rtol=1e-5)
    largest = max(np.abs(a - b).max() for a, b in zip(start, expected, strict=True))
    for one, other in zip(expected, found, strict=True):
        assert np.abs(one - other).max() <= tolerance(model) * max(largest, 1)


def conv(filters=4, size=3, **options):
    return layers.Conv2D(filters, size, **options)


EXACT = {
    "same, then valid": [conv(padding="same"), conv()],
    "same with a stride, then valid": [conv(padding="same", strides=2), conv(size=2, strides=2)],
    "1x1 without bias, then same": [conv(size=1, use_bias=False), conv(padding="same")],
    "1x1 with a stride, then same with one": [
        conv(size=1, use_bias=False, strides=2),
        conv(padding="same", strides=2),
    ],
    "same, then 1x1": [conv(padding="same"), conv(6, 1, padding="same")],
    "dilated by different steps": [conv(dilation_rate=2), conv(dilation_rate=3)],
    "fewer groups after more": [conv(8, groups=4), conv(8, groups=2)],
    "more groups after fewer": [conv(8, groups=2), conv(8, 2, groups=4)],
    "depthwise, then pooling": [layers.DepthwiseConv2D(2), layers.AveragePooling2D(2)],
    "same, then pooling over part": [conv(padding="same"), layers.AveragePooling2D(3, strides=2)],
    "different strides, then a dense layer": [
        conv(strides=(2, 3), padding="same"),
        layers.Flatten(data_format="channels_last"),
        layers.Dense(3),
    ],
    "norm first": [layers.BatchNormalization(), conv(groups=2), layers.BatchNormalization()],
    "dense layers on features": [
        layers.Flatten(data_format="channels_last"),
        layers.Dense(5),
        layers.BatchNormalization(),
        layers.Dense(2, activation="relu"),
    ],
    "dense layer on pixels": [conv(), layers.Dense(5)],
}


@pytest.mark.parametrize("stack", EXACT.values(), ids=EXACT)
def test_becomes_one(stack):
    model = sequential((14, 11, 4), *(type(one).from_config(one.get_config()) for one in stack))
    folded = fold_all(model, training=False)
    assert len(folded.report.folded) == 1 and not folded.report.kept
    assert_equal_outputs(model, folded)


@pytest.mark.parametrize("pads", ["same", "causal"])
def test_a_signal_becomes_one(pads):
    first = layers.Conv1D(4, 3, padding=pads, dilation_rate=2)
    model = sequential((20, 2), first, layers.Conv1D(5, 4), layers.AveragePooling1D(2))
    folded = fold_all(model)
    assert len(folded.report.folded) == 1 and not folded.report.kept
    assert_equal_outputs(model, folded)


def test_a_volume_becomes_one():
    second = layers.Conv3D(4, (1, 3, 2), strides=(1, 2, 1))
    model = sequential((7, 6, 8, 2), layers.Conv3D(3, 2), second)
    folded = fold_all(model)
    assert len(folded.report.folded) == 1
    assert_equal_outputs(model, folded)


def test_an_adam_step_gives_equal_weights_in_single_precision():
    stack = [conv(8), conv(16, activation="relu"), layers.Flatten(), layers.Dense(10)]
    model = sequential((16, 16, 1), *stack, dtype="float32")
    folded = fold_all(model)
    x, start = pictures(model, 8), values(model)
    y = np.random.default_rng(2).normal(size=(8, 10))
    _, expected = step(model, model, "adam", x, y)
    set_values(model, start)
    _, found = step(folded, model, "adam", x, y)
    for before, one, other in zip(start, expected, found, strict=True):
        assert np.abs(one - before).max() > 5e-4
        np.testing.assert_allclose(other, one, atol=1e-6)


def test_compiled_training_reaches_the_model():
    model = sequential((12, 12, 1), conv(8), conv(16), layers.Flatten(), layers.Dense(2))
    folded = fold_all(model)
    folded.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=False)
    x, start = pictures(model, 16), values(model)
    losses = folded.fit(x, np.ones((16, 2)), batch_size=8, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert all(np.abs(a - b).max() > 1e-3 for a, b in zip(start, values(model), strict=True))
    found, expected = folded.predict(x, verbose=0), numpy(model(x))
    assert np.abs(found - expected).max() <= 2e-6 * np.abs(expected).max()


def test_half_precision_stays_near_the_model():
    model = sequential((12, 12, 1), conv(8), conv(16), dtype="mixed_bfloat16")
    folded = fold_all(model)
    x = pictures(model)
    found, expected = folded(x), model(x)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    found, expected = (numpy(keras.ops.cast(one, "float32")) for one in (found, expected))
    assert np.abs(found - expected).max() < 0.05 * np.abs(expected).max()

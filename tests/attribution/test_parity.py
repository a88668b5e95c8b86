"""Equality with Captum and pytorch-grad-cam, recorded by tools/record_attributions.py."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from regard import attribution

RECORD = Path(__file__).parents[1] / "data/attribution/fashion.npz"
CAMS = [
    *((name, layer) for name in ("grad_cam", "hires_cam", "layer_cam") for layer in (0, 1)),
    ("score_cam", 0),
]


@pytest.fixture(scope="module")
def record():
    with np.load(RECORD) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def settings(record):
    return json.loads(str(record["settings"]))


@pytest.fixture(scope="module")
def network(record):
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(6, 3, padding="same", activation="relu", name="convolution_0"),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu", name="convolution_1"),
            keras.layers.Flatten(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.set_weights([record[f"weight_{n}"] for n in range(8)])
    return model


@pytest.fixture(scope="module")
def images(record):
    return record["images"][..., None] / 255


def assert_same(got, want):
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 * np.abs(want).max())


def at_centres(maps, layer):
    """The values at the centres of the map's pixels, which lie on pixels of the image."""
    return maps if layer == 0 else maps[:, 1:26:2, 1:26:2]


def test_the_network_is_the_recorded_one(network, images, record):
    want = np.exp(record["logits"]) / np.exp(record["logits"]).sum(-1, keepdims=True)
    np.testing.assert_allclose(network.predict(images, verbose=0), want, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("gradient", ()),
        ("input_x_gradient", ()),
        ("integrated_gradients", ("steps",)),
        ("smooth_grad", ("samples", "noise")),
        ("occlusion", ("patch", "stride")),
    ],
)
def test_equals_captum(name, chosen, network, images, record, settings):
    arguments = {argument: settings[argument] for argument in chosen}
    assert_same(getattr(attribution, name)(network, images, **arguments), record[name])


@pytest.mark.parametrize(("name", "layer"), CAMS)
def test_equals_grad_cam(name, layer, network, images, record):
    maps = getattr(attribution, name)(network, images, layer=f"convolution_{layer}")
    assert_same(np.maximum(at_centres(maps, layer), 0), record[f"{name}_{layer}"])


@pytest.mark.parametrize("layer", [0, 1])
def test_equals_sharp_grad_cam_plus_plus(layer, network, images, record, settings):
    sharp = keras.models.clone_model(network)
    sharp.set_weights(network.get_weights())
    for weight in sharp.layers[-1].weights:
        weight.assign(weight * settings["sharp"])
    maps = attribution.grad_cam_plus_plus(sharp, images, layer=f"convolution_{layer}")
    assert_same(at_centres(maps, layer), record[f"grad_cam_plus_plus_{layer}"])

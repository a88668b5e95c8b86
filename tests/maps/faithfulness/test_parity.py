"""Our measures against what Quantus and Captum computed; see tools/record_faithfulness.py."""

from pathlib import Path

import numpy as np
import pytest

import regard  # noqa: F401
import regard.maps.faithfulness as ours
from regard.maps.faithfulness.imputation import impute
from regard.maps.faithfulness.network import class_probability
from regard.maps.faithfulness.pixels import ranks
from regard.maps.faithfulness.randomisation import rank_correlation

import keras  # isort: skip

RECORD = Path(__file__).parents[2] / "data/faithfulness/quantus_captum.npz"
TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def record():
    with np.load(RECORD) as file:
        return dict(file)


@pytest.fixture(scope="module")
def network(record):
    """The recorded network, on whichever backend and always channels_last."""
    last = {"data_format": "channels_last"}
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu", **last),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu", **last),
            keras.layers.Flatten(**last),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.set_weights([record[f"weight_{n}"] for n in range(6)])
    return model


@pytest.fixture(scope="module")
def images(record):
    return np.moveaxis(record["images"], 1, -1)


def close(mine, theirs):
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=TOLERANCE)


def test_deletion_is_the_area_under_quantus_pixel_flipping(record, network, images):
    curve = record["pixel_flipping"]
    first = class_probability(network, images, record["classes"])
    whole = np.concatenate([first[:, None], curve], axis=1)
    area = (whole[:, :-1] + whole[:, 1:]).mean(axis=1) / 2
    steps = curve.shape[1]
    close(ours.deletion(network, record["maps"], images, steps=steps, baseline=0.0), area)


def test_imputation_is_that_of_quantus(record, images):
    where = np.zeros(28 * 28, bool)
    where[record["imputed_where"]] = True
    filled = impute(images[:1], where.reshape(1, 28, 28), noise=0)
    close(filled[0, ..., 0], record["imputed"][0])


def test_road_gives_the_accuracy_of_quantus(record, network, images):
    order = ranks(record["maps"])
    accuracy = []
    for n in record["road_percentages"] * 784 // 100:
        filled = impute(images, order < n, noise=0)
        predicted = network.predict(filled, verbose=0).argmax(axis=1)
        accuracy.append((predicted == record["classes"]).mean())
    close(accuracy, record["road_accuracy"])
    assert len(set(accuracy)) > 2


def test_pointing_game_and_energy(record):
    close(ours.pointing_game(record["maps"], record["masks"]), record["pointing_game"])
    close(ours.energy(record["maps"], record["masks"]), record["mass_accuracy"])


def test_rank_correlation(record):
    close(rank_correlation(record["maps"], record["other_maps"]), record["spearman"])


def test_infidelity_is_captums(record, network, images):
    found = ours.infidelity(
        network, record["maps"], images, regions=record["regions"], baseline=0.0
    )
    close(found, record["infidelity"])
    np.testing.assert_allclose(found, record["infidelity"], rtol=TOLERANCE)


def test_max_sensitivity_is_captums(record, network, images):
    def weighted(model, images, classes):
        return images[..., 0] * class_probability(model, images, classes)[:, None, None]

    changes = np.moveaxis(record["perturbations"], 2, -1)
    found = ours.max_sensitivity(network, weighted, images, perturbations=changes)
    close(found, record["sensitivity_max"])

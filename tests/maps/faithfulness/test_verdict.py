"""The decision rule on scores made up to lie on each side of it."""

import numpy as np
import pytest

from regard.maps.faithfulness.verdict import decide

NOISE = np.random.default_rng(0).normal(0, 1, 400)


def scores(images=100, uniform=2.0, centre=2.0, edges=2.0, randomised=2.0, noise=0.3):
    """Scores of insertion: a control lies so many units below the map, with noise of its own."""
    below = {"uniform": uniform, "centre": centre, "edges": edges, "randomised": randomised}
    spread = np.linspace(-2, 2, images)
    kinds = {
        kind: spread - distance + noise * np.roll(NOISE, 37 * n)[:images]
        for n, (kind, distance) in enumerate(below.items())
        if distance is not None
    }
    return {"insertion": {"map": spread} | kinds}


UNLIKE, ALIKE = np.zeros(100), np.full(100, 0.99)


@pytest.mark.parametrize(
    ("given", "correlation", "verdict"),
    [
        ({}, UNLIKE, "follows the model"),
        ({"randomised": None}, None, "follows the model"),
        ({"edges": 0.0}, UNLIKE, "no better than edges"),
        ({"edges": -3.0}, UNLIKE, "no better than edges"),
        ({"centre": 0.0}, UNLIKE, "no better than centre"),
        ({"uniform": 0.0}, UNLIKE, "no better than uniform"),
        ({"edges": 0.0, "uniform": -1.0}, UNLIKE, "no better than edges"),
        ({"randomised": 0.0}, UNLIKE, "does not depend on the weights"),
        ({"randomised": 0.0, "edges": 0.0}, UNLIKE, "does not depend on the weights"),
        ({}, ALIKE, "does not depend on the weights"),
        ({"edges": 0.3, "noise": 8.0}, UNLIKE, "too few images to tell"),
        ({"images": 9}, UNLIKE[:9], "too few images to tell"),
        ({"images": 10}, UNLIKE[:10], "follows the model"),
    ],
)
def test_rule(given, correlation, verdict):
    found, reason, advantages = decide(scores(**given), correlation)
    assert found == verdict
    assert reason.endswith(".")
    assert set(advantages) == set(scores(**given)["insertion"]) - {"map"}


def test_where_lower_is_better_the_sign_turns():
    turned = {"deletion": {kind: -values for kind, values in scores()["insertion"].items()}}
    assert decide(turned, UNLIKE)[0] == "follows the model"
    assert decide({"deletion": scores()["insertion"]}, UNLIKE)[0] != "follows the model"


def test_measures_that_do_not_ask_the_model_do_not_count():
    bad = {kind: -values for kind, values in scores()["insertion"].items()}
    assert decide(scores() | {"energy": bad, "max_sensitivity": bad}, UNLIKE) == decide(
        scores(), UNLIKE
    )


def test_advantages_do_not_depend_on_a_measures_unit():
    one, other = scores(), scores()
    other["insertion"] = {kind: 1000 * values for kind, values in other["insertion"].items()}
    np.testing.assert_allclose(
        list(decide(one, None)[2].values()), list(decide(other, None)[2].values())
    )

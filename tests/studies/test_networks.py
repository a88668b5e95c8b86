import random

import keras
import numpy as np
import pytest

from regard.errors import UsageError
from regard.models import PRESETS
from regard.studies import networks
from regard.studies.design import parse_design
from regard.studies.plan import PlannedArm
from regard.studies.results import Arm
from regard.training import Recipe

SHAPE = (32, 32, 3)
QUICK = ("tutorial",)
ROLES = ("none", "design", "frozen", "equal parameters", "equal time")


def planned(role, design="squeeze_excitation"):
    design = "none" if role == "none" else design
    return PlannedArm(Arm(role, role, None, 0, 0, ""), design, share=0.25)


def built(role, recipe, design="squeeze_excitation"):
    return networks.builder(planned(role, design))(recipe, SHAPE, 10)


def values(model):
    return {v.path: keras.ops.convert_to_numpy(v) for v in model.variables}


@pytest.mark.parametrize(
    "network",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in PRESETS],
)
def test_layers_that_all_arms_have_start_alike(network):
    recipe = Recipe(network=network, seed=3)
    plain = values(built("none", recipe))
    for role in ROLES[1:]:
        arm = values(built(role, recipe))
        assert set(plain) < set(arm)
        assert all(np.array_equal(plain[path], arm[path]) for path in plain)


def test_other_seeds_start_otherwise():
    one, other = (values(built("none", Recipe(seed=seed))) for seed in (0, 1))
    assert not np.array_equal(one["tutorial/dense/kernel"], other["tutorial/dense/kernel"])


def test_what_is_drawn_afterwards_is_the_same_for_all_arms():
    drawn = []
    for role in ROLES:
        built(role, Recipe(seed=5))
        noise = keras.ops.convert_to_numpy(keras.random.uniform((3,)))
        drawn.append((random.random(), np.random.random(), *noise.tolist()))  # noqa: NPY002
    assert len(set(drawn)) == 1


@pytest.mark.parametrize(
    "network", ["tutorial", pytest.param("regard_fast", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("design", ["pixel:units=32", "squeeze_excitation", "cbam", "bam"])
def test_the_control_has_the_parameters_of_the_attention(network, design):
    recipe = Recipe(network=network)
    sizes = {r: built(r, recipe, design).count_params() for r in ("none", *ROLES[1:4])}
    attention = sizes["design"] - sizes["none"]
    control = sizes["equal parameters"] - sizes["none"]
    assert sizes["frozen"] == sizes["design"]
    assert abs(control - attention) <= 0.25 * attention


def test_frozen_attention_is_not_trained():
    design, frozen = (built(role, Recipe(), "cbam") for role in ("design", "frozen"))
    plain = built("none", Recipe())
    assert len(frozen.trainable_weights) == len(plain.trainable_weights)
    assert len(design.trainable_weights) > len(frozen.trainable_weights)
    for one, other in zip(design.variables, frozen.variables, strict=True):
        assert np.array_equal(*map(keras.ops.convert_to_numpy, (one, other)))


@pytest.mark.parametrize(
    ("design", "told"),
    [
        ("attention_pool", "does not fit into tutorial"),
        ("pixel:units=-1", "pixel:units=-1"),
        ("pixel:unit=1", "unit"),
    ],
)
def test_a_design_that_does_not_fit(design, told):
    with pytest.raises(UsageError, match=told):
        networks.with_attention(Recipe(), SHAPE, 10, parse_design(design))

import dataclasses

import pytest

from regard import datasets
from regard.errors import DataError, UsageError
from regard.studies import planning
from regard.studies.study import make_study

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture(scope="module")
def dataset(cut):
    return cut(datasets.load("fashion-mnist-sample"))


@pytest.fixture
def time_by_parameters(monkeypatch):
    """Lets a step take a second, and one more for each 10,000 parameters over those of none."""

    def step_seconds(jobs):
        plain = jobs["none"].model.count_params()
        return {n: 1 + (job.model.count_params() - plain) / 10_000 for n, job in jobs.items()}

    monkeypatch.setattr(planning, "step_seconds", step_seconds)


def plan(dataset, *designs, **settings):
    return planning.plan_arms(
        make_study({"designs": designs, "seeds": [0, 1], **settings}), dataset
    )


def by_name(arms):
    return {planned.arm.name: planned.arm for planned in arms}


def test_the_arms_of_a_design(dataset, time_by_parameters):
    arms, left_out = plan(dataset, "cbam:reduction_ratio=1")
    named = by_name(arms)
    design = "cbam:reduction_ratio=1"
    controls = ("frozen", "equal parameters", "equal time", "shuffled")
    assert list(named) == ["none", design, *(f"{design}, {control}" for control in controls)]
    assert left_out == {}
    assert {arm.of for arm in named.values()} == {None, design}
    assert named["none"].parameters == 1_199_882
    assert named[f"{design}, frozen"].parameters == named[design].parameters
    assert named["none"].multiply_adds < named[design].multiply_adds
    assert named[design].made_of == "1 ConvolutionalBlockAttention layer"


def test_a_design_of_several_layers_is_counted(dataset):
    named = by_name(plan(dataset, "eca", controls=[], recipe={"network": "resnet9"})[0])
    assert named["eca"].made_of == "2 EfficientChannelAttention layers"


def test_the_control_of_equal_time_takes_that_time(dataset, time_by_parameters):
    named = by_name(plan(dataset, "pixel:units=64", controls=["equal time"])[0])
    none, design, control = (arm.parameters for arm in named.values())
    assert abs(control - design) < planning.CLOSE * (design - none + 10_000)
    assert "1.0" in named["pixel:units=64, equal time"].made_of


def test_a_design_that_takes_no_more_time_has_no_such_control(dataset, time_by_parameters):
    arms, left_out = plan(dataset, "eca", controls=["equal time"])
    assert "no longer" in left_out["eca, equal time"] or "1.00" in left_out["eca, equal time"]
    assert list(by_name(arms)) == ["none", "eca"]


def test_a_design_whose_step_fails_is_named_and_the_others_are_planned(dataset, monkeypatch):
    def step_seconds(jobs):
        if "Channel" in type(jobs["design"].model.get_layer("attention")).__name__:
            raise MemoryError("no room for it")
        return {"none": 1.0, "design": 1.0}

    monkeypatch.setattr(planning, "step_seconds", step_seconds)
    arms, left_out = plan(dataset, "pixel", "eca", controls=["equal time"])
    assert list(by_name(arms)) == ["none", "pixel", "eca"]
    assert left_out["eca, equal time"] == "a step was not timed: MemoryError: no room for it"
    assert "1.00 times" in left_out["pixel, equal time"]


def test_controls_that_would_be_the_network_without_attention(dataset):
    arms, left_out = plan(dataset, "pixel", "eca", controls=["frozen", "equal parameters"])
    assert "starts as the identity" in left_out["pixel, frozen"]
    assert "too few" in left_out["eca, equal parameters"]
    assert set(by_name(arms)) == {"none", "pixel", "pixel, equal parameters", "eca", "eca, frozen"}


def test_two_names_of_one_network_are_refused(dataset):
    with pytest.raises(UsageError, match="are the same network"):
        plan(dataset, "squeeze_excitation", "squeeze_excitation:reduction_ratio=16", controls=[])


def test_a_design_that_does_not_fit_is_refused_before_any_training(dataset):
    with pytest.raises(UsageError, match="attention_pool does not fit"):
        plan(dataset, "cbam", "attention_pool")


def test_more_images_than_there_are(dataset):
    with pytest.raises(DataError, match="has 100"):
        plan(dataset, "cbam", images=200)


def test_images_that_the_network_cannot_take(dataset):
    small = dataclasses.replace(
        dataset, train=datasets.Split(dataset.train.images[:, :5, :5], dataset.train.labels)
    )
    with pytest.raises((DataError, UsageError), match="at least 6"):
        plan(small, "cbam")

import dataclasses

import pytest

from regard.reports.study import methods_text
from regard.studies.study import Study
from regard.training import Recipe
from tests.reports.study.made_up import made_up


@pytest.fixture(scope="module")
def results():
    return made_up(seeds=5)[0]


def with_study(results, **settings):
    study = Study(**results.study.model_dump() | settings)
    return dataclasses.replace(results, study=study)


def test_it_tells_what_was_done(results):
    text = methods_text(results)
    for said in (
        "Fashion-MNIST, 60,000 images",
        "1,000 test images",
        "tutorial",
        "Adam, learning rate 0.001",
        "4 epochs of batches of 64",
        "94,022 parameters",
        "5 seeds (0 to 4)",
        "the augmentation",
        "regard 0.1.0, keras 3.15.1",
        "paired t",
        "Holm",
        "BCa",
        "sign-flip",
        "McNemar",
        "practical equivalence",
        "2103.03098",
        "2108.13264",
    ):
        assert said in text, said


def test_it_names_every_design_and_the_controls_of_the_study_only(results):
    text = methods_text(with_study(results, controls=["frozen"]))
    assert "cbam:" in text and "pixel:units=32:" in text
    assert "Frozen: " in text
    assert "Equal time: " not in text and "Shuffled: " not in text


def test_a_control_that_no_design_has_is_not_explained(results):
    arms = [arm for arm in results.arms if arm.role != "equal time"]
    left = {"cbam, equal time": "no convolution is as slow"}
    text = methods_text(dataclasses.replace(results, arms=arms, left_out=left))
    assert "Frozen: " in text and "Equal time: " not in text
    assert "cbam, equal time (no convolution is as slow)" in text


def test_it_tells_how_the_learning_rate_was_chosen(results):
    assert "the same for all arms" in methods_text(results)
    text = methods_text(with_study(results, tune=4))
    assert "chosen for each arm by 4 trials of its own" in text
    assert "(0.001 for none; 0.001 for cbam; 0.001 for cbam, frozen; " in text
    assert "was the same for all arms" not in text


def test_it_tells_of_looks_only_where_there_were_some(results):
    assert "Lan and DeMets" not in methods_text(results)
    assert "Lan and DeMets" in methods_text(with_study(results, until_decided=True))


def test_a_part_of_the_images_is_told(results):
    assert "drew" not in methods_text(results)
    assert "drew 2,000 of the images" in methods_text(with_study(results, images=2000))


def test_it_says_which_images_the_epoch_was_chosen_by(results):
    text = methods_text(results)
    assert "10% of the images to train on were held out" in text
    assert "The seed sets the split into training and validation images" in text
    about = results.about | {"Data": "moles: 90 train, 9 validation, 10 test images"}
    text = methods_text(dataclasses.replace(results, about=about))
    assert "chosen on the validation images, the same for all seeds" in text
    assert "held out" not in text and "The seed sets the weights" in text


def test_augmentation_is_told_only_where_there_is_some(results):
    assert "augmentation" not in methods_text(with_study(results, recipe=Recipe()))


def test_what_is_worth_having_is_told_with_all_its_digits(results):
    assert "within ±0.5 points" in methods_text(results)
    assert "worth 0.025 points" in methods_text(with_study(results, worth=0.00025))
    text = methods_text(with_study(results, worth=0))
    assert "decide nothing. A design helps" in text and "equivalence" not in text


def test_every_gap_is_named(results):
    assert "Gaps. None" in methods_text(results)
    scores = {key: s for key, s in results.scores.items() if key[1] not in (3, 4)}
    failed = {("cbam", 3): "the loss became NaN", ("none", 3): "the disk was full"}
    left = {"cbam, equal time": "no convolution is as slow"}
    gappy = dataclasses.replace(results, scores=scores, failed=failed, left_out=left)
    text = methods_text(gappy)
    for said in (
        "cbam with seed 3 (the loss became NaN)",
        "none with seed 3 (the disk was full)",
        "cbam, equal time (no convolution is as slow)",
        f"{2 * len(results.arms) - 3} are not there",  # the shuffled one failed with its own
    ):
        assert said in text, said


def test_scattered_seeds_are_listed(results):
    assert "(7, 1, 30)" in methods_text(with_study(results, seeds=[7, 1, 30]))


def test_without_facts_the_data_set_is_named(results):
    text = methods_text(dataclasses.replace(results, about={}))
    assert "We used fashion-mnist" in text
    assert "Software" not in text

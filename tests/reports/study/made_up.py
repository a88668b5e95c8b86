"""Made-up results of a study, with real images."""

import numpy as np

from regard.datasets.fashion_mnist import load_sample
from regard.studies.design import parse_design
from regard.studies.judging import judge
from regard.studies.results import Arm, Results, Score
from regard.studies.study import Study
from regard.training import Recipe

MADE_OF = {
    "frozen": "the layer as it starts",
    "equal parameters": "a 3x3 convolution of 12 channels",
    "equal time": "a 3x3 convolution of 9 channels",
    "shuffled": "the design's network, tested with the maps of other images",
}
GAINS = {
    "none": 0.0,
    "design": 0.009,
    "frozen": 0.001,
    "equal parameters": 0.008,
    "equal time": 0.004,
    "shuffled": -0.02,
}


def made_up(designs=("cbam", "pixel:units=32"), seeds=10, epochs=4, images=1000, **settings):
    """Returns `Results` whose scores are drawn at random, and their comparisons.

    Args:
        designs: The designs.
        seeds: Number of seeds.
        epochs: Number of epochs.
        images: Number of test images, real ones.
        **settings: Other settings of the study.
    """
    study = Study(
        recipe=Recipe(epochs=epochs, shift=2),
        designs=designs,
        seeds=tuple(range(seeds)),
        **settings,
    )
    rng = np.random.default_rng(seeds)
    test = load_sample().test
    arms = list(_arms(study))
    results = Results(
        study=study,
        arms=arms,
        scores=_scores(study, arms, images, rng),
        labels=np.asarray(test.labels[:images]),
        class_names=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        about={
            "Data": "Fashion-MNIST, 60,000 images to train and validate on, 10,000 to test on",
            "Source": "Debian's package dataset-fashion-mnist",
            "Versions": "regard 0.1.0, keras 3.15.1, numpy 2.4.0; backend jax",
            "Machine": "2 cores",
        },
        maps={arm.name: rng.random((3, 7, 7)) for arm in arms if arm.role in ("design", "frozen")},
        map_images=test.images[:3, ..., None],
    )
    return results, judge(results)


def _arms(study):
    yield Arm("none", "none", None, 93_322, 4_123_000, "nothing")
    for number, name in enumerate(study.designs):
        layer = parse_design(name).layer
        size = 93_322 + 700 * (number + 1)
        yield Arm(name, "design", None, size, 4_123_000 + 90_000 * (number + 1), layer)
        for control in study.controls:
            yield Arm(f"{name}, {control}", control, name, size, 4_200_000, MADE_OF[control])


def _scores(study, arms, images, rng):
    level = {seed: rng.normal(0.9, 0.004) for seed in study.seeds}
    scores = {}
    for number, arm in enumerate(arms):
        for seed in study.seeds:
            accuracy = (
                level[seed] + GAINS[arm.role] * (1 - 0.12 * number % 1) + rng.normal(0, 0.003)
            )
            scores[arm.name, seed] = _score(study, arm, accuracy, images, number, rng)
    return scores


def _score(study, arm, accuracy, images, number, rng):
    curve = [
        {
            "epoch": epoch,
            "loss": 0.6 / epoch,
            "accuracy": accuracy - 0.1 / epoch,
            "val_loss": 0.65 / epoch + rng.normal(0, 0.01),
            "val_accuracy": accuracy - 0.12 / epoch + rng.normal(0, 0.004),
        }
        for epoch in range(1, study.recipe.epochs + 1)
    ]
    return Score(
        accuracy=float(accuracy),
        loss=float(rng.normal(0.27, 0.01)),
        ece=float(rng.uniform(0.01, 0.03)),
        seconds=float(rng.normal(60 + 3 * number, 2)),
        step_ms=float(rng.normal(8 + 0.4 * number, 0.1)),
        correct=rng.random(images) < accuracy,
        recall=np.clip(accuracy + rng.normal(0, 0.01, 10), 0, 1),
        curve=curve,
        faithfulness=float(rng.normal(0.05, 0.02)) if arm.role == "design" else None,
        learning_rate=study.recipe.learning_rate,
    )

"""How often a study finds a difference where there is none, on real trainings.

    python benchmarks/same_networks.py [STUDIES] [SEEDS]

Trains two arms that are the same network without attention: they share the split, the images and
their order, and start with other values. Each is judged as a design beside the network without
attention; prints the verdicts, and the share of `helps` and `hurts` with its 95 % Wilson interval.
The trainings are small: 600 images of Fashion-MNIST's sample, one epoch, 1,000 test images.
"""

import collections
import dataclasses
import sys

import keras
import numpy as np

from regard import datasets
from regard.evaluation.accuracy import wilson_interval
from regard.studies import networks
from regard.studies.judging import judge
from regard.studies.piece import train_piece
from regard.studies.plan import PlannedArm
from regard.studies.results import Arm, Results
from regard.studies.study import make_study

OTHER = 10**6  # added to the seed of the second arm's start values
ARMS = (Arm("none", "none", None, 0, 0, ""), Arm("again", "design", None, 0, 0, ""))


@dataclasses.dataclass(frozen=True)
class Again(PlannedArm):
    """The network without attention, with start values of its own."""

    def network(self, recipe, input_shape, classes, plain):
        """Builds it; its layers have other names, so that they do not start as `plain`'s."""
        keras.utils.set_random_seed(recipe.seed + OTHER)
        model = networks.without_attention(recipe, input_shape, classes)
        return keras.models.clone_model(model, clone_function=renamed)


def renamed(layer):
    """Returns a new layer of another name."""
    return type(layer).from_config(layer.get_config() | {"name": f"again_{layer.name}"})


def verdict(dataset, seeds):
    """Trains both arms with the seeds and returns the verdict and the interval."""
    recipe = {"dataset": dataset.name, "epochs": 1, "batch_size": 32}
    study = make_study(
        {"designs": ["eca"], "seeds": seeds, "images": 600, "controls": [], "recipe": recipe}
    )
    scores = {}
    for seed in seeds:
        keras.utils.clear_session()
        for arm, planned in zip(
            ARMS, (PlannedArm(ARMS[0], "none"), Again(ARMS[0], "none")), strict=True
        ):
            scores[arm.name, seed] = train_piece(study, dataset, planned, seed)["score"]
    results = Results(study, ARMS, scores, dataset.test.labels, dataset.class_names)
    return judge(results)[0]


def main(studies="40", seeds="5"):
    """Runs the studies and prints what they said."""
    dataset, count = datasets.load("fashion-mnist-sample"), int(seeds)
    found = []
    for number in range(int(studies)):
        one = verdict(dataset, list(range(number * count, (number + 1) * count)))
        found.append(one)
        low, high = (100 * end for end in one.interval)
        print(
            f"{number + 1}: {100 * one.difference:+.2f} [{low:+.2f}, {high:+.2f}] {one.verdict}",
            flush=True,
        )
    kinds = collections.Counter(one.verdict.split(" (")[0] for one in found)
    wrong = kinds["helps"] + kinds["hurts"]
    covered = sum(one.interval[0] <= 0 <= one.interval[1] for one in found)
    print(dict(kinds))
    for what, number in (("helps or hurts", wrong), ("intervals that hold 0", covered)):
        low, high = wilson_interval(number, len(found))
        print(
            f"{what}: {number} of {len(found)}, {number / len(found):.1%} [{low:.1%}, {high:.1%}]"
        )
    differences = np.array([one.difference for one in found])
    print(f"spread of the differences: {100 * differences.std(ddof=1):.2f} points")


if __name__ == "__main__":
    main(*sys.argv[1:])

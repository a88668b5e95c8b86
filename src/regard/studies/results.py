"""What a study's trainings gave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from regard.studies.study import Study


@dataclass(frozen=True)
class Arm:
    """One side of the comparison.

    Attributes:
        name: Such as `"none"`, `"cbam"`, or `"cbam, frozen"`.
        role: `"none"`, `"design"`, or a control: `"frozen"`, `"equal parameters"`, `"equal time"`
            or `"shuffled"`.
        of: For a control the name of the design whose control it is, else None.
        parameters: Number of the network's parameters.
        multiply_adds: Of one image.
        made_of: In words, what stands where the attention stands.
    """

    name: str
    role: str
    of: str | None
    parameters: int
    multiply_adds: int
    made_of: str


@dataclass(frozen=True, eq=False)
class Score:
    """What one arm gave with one seed, on the test images.

    Attributes:
        accuracy: Fraction classified correctly, 0…1.
        loss: Mean cross entropy in nats.
        ece: Expected calibration error, 0…1.
        seconds: Of the training's epochs; those of the design for its shuffled control.
        step_ms: Milliseconds of a training step, the mean of the last whole epoch; None without.
        correct: Whether each test image is classified correctly, `(images,)`.
        recall: Of each class, `(classes,)`.
        curve: A dict for each epoch with `epoch`, `loss`, `accuracy`, `val_loss`, `val_accuracy`.
        faithfulness: How much better than the best of the controls' maps the attention maps tell
            what the decision depends on (`regard.maps.faithfulness`), or None where there is no
            map.
        learning_rate: That was used.
        diverged: In words, where the training left the finite numbers and ended; the scores are
            then of the best epoch before, or of the weights before that step. Empty otherwise.
    """

    accuracy: float
    loss: float
    ece: float
    seconds: float
    step_ms: float | None
    correct: np.ndarray
    recall: np.ndarray
    curve: Sequence[Mapping[str, float]]
    faithfulness: float | None = None
    learning_rate: float | None = None
    diverged: str = ""


@dataclass(frozen=True, eq=False)
class Results:
    """All that a study's trainings gave so far.

    Attributes:
        study: The settings.
        arms: The arms, the one without attention first, each design followed by its controls.
        scores: By name of the arm and seed; a training that failed or is not done is missing.
        labels: True class of each test image, `(images,)`.
        class_names: A name for each class.
        failed: By name of the arm and seed, in words why a training gave nothing.
        left_out: By name of a control, in words why the study has no such arm.
        about: Facts for the report, by name: data, source, versions, machine.
        maps: By name of the arm, its attention on some test images, spread over all,
            `(images, rows, columns)`.
        map_images: These images, `(images, rows, columns, channels)`, uint8.
    """

    study: Study
    arms: Sequence[Arm]
    scores: Mapping[tuple[str, int], Score]
    labels: np.ndarray
    class_names: Sequence[str]
    failed: Mapping[tuple[str, int], str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    maps: Mapping[str, np.ndarray] = field(default_factory=dict)
    map_images: np.ndarray | None = None

    @property
    def diverged(self) -> dict[tuple[str, int], str]:
        """By name of the arm and seed, in words where a training left the finite numbers."""
        trained = {arm.name for arm in self.arms if arm.role != "shuffled"}
        return {
            (arm, seed): score.diverged
            for (arm, seed), score in self.scores.items()
            if arm in trained and score.diverged
        }

    def seeds(self, *arms: str) -> list[int]:
        """Returns the seeds with which all these arms have scores, in the study's order."""
        return [
            seed for seed in self.study.seeds if all((arm, seed) in self.scores for arm in arms)
        ]

"""The folder of a study: what was asked, the arms, and a file for each training."""

import json
import re
from pathlib import Path

import numpy as np
import tomli_w

from regard.datasets.check import as_labels, as_pixels
from regard.errors import DataError, UsageError
from regard.files import new_folder, read_bounded, remove_left_behind, write_text
from regard.studies.part import SHOWN, spread_out
from regard.studies.plan import PlannedArm
from regard.studies.results import Results
from regard.studies.study import FORMAT, Study, make_study, read_study
from regard.studies.tasks import packed_array, unpacked_array, unpacked_score
from regard.training.run import environment

MAX_BYTES = 64 << 20
_PLANNED = ("arms", "left_out", "class_names", "labels", "images", "data", "environment")
_OF_TRAININGS = ("recipe", "designs", "controls", "images", "tune")


class StudyFolder:
    """A study on disk. Each file is written whole or not at all.

    Attributes:
        path: The folder.
        study: The settings.

    Args:
        path: A folder that `new_study` made.

    Raises:
        DataError: If it holds no study, or one of another version.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        file = self.path / "study.toml"
        if not file.is_file():
            raise DataError(
                f"{path} is no study: it has no study.toml. `regard compare` makes one."
            )
        try:
            self.study = make_study(read_study(file))
        except UsageError as error:
            raise DataError(f"{file} cannot be used: {error}") from None

    @property
    def _pieces(self):
        return self.path / "pieces"

    def tidy(self):
        """Removes what a killed process left half written."""
        for folder in (self.path, *self.path.glob("pieces/*/"), *self.path.glob("tuning/")):
            remove_left_behind(folder)

    def has_plan(self):
        """Whether the arms are planned."""
        return (self.path / "plan.json").exists()

    def write_plan(self, answer, dataset, digest):
        """Writes what the task `"plan"` answered, and what the data are.

        Raises:
            DataError: If the test images or their labels cannot be used.
        """
        shown = spread_out(SHOWN, len(dataset.test))
        images = _drawable(dataset.test.images[shown])
        labels = as_labels(dataset.test.labels, len(dataset.class_names), len(dataset.test))
        plan = {
            "format": FORMAT,
            "settings": self._settings(),
            "arms": answer["arms"],
            "left_out": answer["left_out"],
            "class_names": list(dataset.class_names),
            "labels": packed_array(labels.astype("<i4")),
            "images": packed_array(images),
            "data": {
                "name": dataset.name,
                "source": dataset.provenance.source,
                "notice": dataset.provenance.notice,
                "counts": _counts(dataset),
                "sha256": digest,
            },
            "environment": environment(),
        }
        write_text(self.path / "plan.json", json.dumps(plan, indent=1) + "\n")

    def read_plan(self):
        """Returns the plan.

        Raises:
            DataError: If it is damaged, or of another version.
        """
        plan = _read_json(self.path / "plan.json")
        if plan.get("format") != FORMAT:
            raise DataError(
                f"{self.path} is a study of version {plan.get('format')!r}; this regard reads "
                f"{FORMAT}. Run it anew with --config {self.path / 'study.toml'}."
            )
        missing = [key for key in _PLANNED if key not in plan]
        if missing:
            raise DataError(f"{self.path / 'plan.json'} is damaged: it has no {missing[0]}.")
        return plan

    def changed_settings(self):
        """Returns the settings, by name, that trainings hang on and that are not the plan's.

        Seeds may be added, and what is judged by may be another.
        """
        planned = self.read_plan().get("settings")  # older plans have none
        now = self._settings()
        return [name for name in now if planned and planned.get(name) != now[name]]

    def _settings(self):
        return {name: self.study.model_dump(mode="json")[name] for name in _OF_TRAININGS}

    def arms(self):
        """Returns the planned arms."""
        return [PlannedArm.from_dict(values) for values in self.read_plan()["arms"]]

    def write_piece(self, arm, seed, answer):
        """Keeps what a training gave; of all but the first seed without its maps."""
        if seed != self.study.seeds[0]:
            answer = answer | {"maps": None}
        self._file(arm, seed).parent.mkdir(parents=True, exist_ok=True)
        write_text(self._file(arm, seed), json.dumps(answer) + "\n")

    def piece(self, arm, seed):
        """Returns what a training gave, or None where it was not done or failed."""
        file = self._file(arm, seed)
        if not file.exists():
            return None
        answer = _read_json(file)
        return None if "failed" in answer else answer

    def write_rate(self, arm, answer):
        """Keeps the learning rates that were tried for an arm."""
        (self.path / "tuning").mkdir(exist_ok=True)
        write_text(
            self.path / "tuning" / f"{_plain(arm)}.json", json.dumps(answer, indent=1) + "\n"
        )

    def rate(self, arm):
        """Returns the tuned learning rate of an arm, or None."""
        file = self.path / "tuning" / f"{_plain(arm)}.json"
        return _read_json(file)["learning_rate"] if file.exists() else None

    def results(self, seeds=None):
        """Returns what the trainings gave so far, as `Results`.

        Args:
            seeds: Of the trainings that count; None for all.

        Raises:
            DataError: If a file is damaged.
        """
        try:
            return self._results(self.study.seeds if seeds is None else seeds)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{self.path} is damaged: {type(error).__name__}: {error}") from None

    def _results(self, seeds):
        plan = self.read_plan()
        labels = unpacked_array(plan["labels"])
        arms = [PlannedArm.from_dict(values).arm for values in plan["arms"]]
        scores, failed, maps, unshuffled = {}, {}, {}, {}
        trained = [arm for arm in arms if arm.role != "shuffled"]
        for arm in trained:
            for seed in seeds:
                if not self._file(arm.name, seed).exists():
                    continue
                answer = _read_json(self._file(arm.name, seed))
                if "failed" in answer:
                    failed[arm.name, seed] = answer["failed"]
                    continue
                for name, packed in answer["scores"].items():
                    scores[name, seed] = unpacked_score(packed, len(labels))
                if answer["maps"] is not None:
                    maps[arm.name] = unpacked_array(answer["maps"]).astype(np.float32)
                if answer["why_not_shuffled"]:
                    unshuffled[f"{arm.name}, shuffled", seed] = answer["why_not_shuffled"]
        had = {name for name, _ in scores}
        left_out = plan["left_out"] | {name: why for (name, _), why in unshuffled.items()}
        left_out = {name: why for name, why in left_out.items() if name not in had}
        failed |= {key: why for key, why in unshuffled.items() if key[0] in had}
        return Results(
            self.study,
            [arm for arm in arms if arm.name not in left_out],
            scores,
            labels,
            plan["class_names"],
            failed,
            left_out,
            _about(plan),
            maps,
            unpacked_array(plan["images"]),
        )

    def _file(self, arm, seed):
        return self._pieces / _plain(arm) / f"{seed}.json"


def new_study(study: Study, root: Path, default_name: str, name: str | None = None) -> StudyFolder:
    """Makes the folder of a study.

    Args:
        study: The settings.
        root: Folder of all studies.
        default_name: Name where none was asked for; it counts up.
        name: The name asked for.

    Raises:
        UsageError: If `name` is in use or is not a plain name.
    """
    folder = new_folder(root, default_name, name, "study")
    (folder / "pieces").mkdir()
    settings = study.model_dump(mode="json", exclude_none=True)
    write_text(folder / "study.toml", tomli_w.dumps(settings))
    return StudyFolder(folder)


def _plain(name):
    """Returns a name for files that stays in its folder."""
    return re.sub(r"^\.+|[^\w=.+-]+", "-", name.replace(", ", "--"))


def _drawable(images):
    """Returns images as uint8, 0…255, whatever they are trained on as."""
    pixels = as_pixels(images)
    return pixels if pixels.dtype == np.uint8 else (255 * pixels).round().astype(np.uint8)


def _counts(dataset):
    sides = ("train", "validation", "test")
    return {side: len(getattr(dataset, side)) for side in sides if getattr(dataset, side)}


def _about(plan):
    data, environment = plan["data"], plan["environment"]
    versions = ", ".join(f"{name} {v}" for name, v in environment["packages"].items())
    counts = ", ".join(f"{count:,} {side}" for side, count in data["counts"].items())
    return {
        "Data": f"{data['name']}: {counts} images",
        "Source": data["source"],
        **({"Notice": data["notice"]} if data["notice"] else {}),
        "Versions": f"{versions}; backend {environment['backend']}",
        "Machine": f"{environment['machine']}, {environment['system']}; a core for each training",
    }


def _read_json(file):
    try:
        values = json.loads(read_bounded(file, MAX_BYTES))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file} is damaged: {error}") from None
    if not isinstance(values, dict):
        raise DataError(f"{file} is damaged: it holds no object.")
    return values

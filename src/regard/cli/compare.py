"""`regard compare`."""

import signal
import time
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from cyclopts.types import ExistingDirectory, ExistingFile, PositiveInt

from regard.cli.output import notify, print_json
from regard.errors import UsageError

Control = Literal["frozen", "equal parameters", "equal time", "shuffled", "none"]


def compare(
    dataset: str | None = None,
    /,
    *,
    design: list[str] | None = None,
    network: str | None = None,
    recipe: str | None = None,
    epochs: int | None = None,
    seeds: int | None = None,
    images: int | None = None,
    control: list[Control] | None = None,
    worth: float | None = None,
    until_decided: bool = False,
    tune: int | None = None,
    config: ExistingFile | None = None,
    resume: ExistingDirectory | None = None,
    data: ExistingDirectory | None = None,
    name: str | None = None,
    studies: Path | None = None,
    workers: PositiveInt | None = None,
    ray: str | None = None,
    json: bool = False,
):
    """Compare attention with none, over seeds and beside controls, and write a report.

    Parameters
    ----------
    dataset
        As for regard train; fashion-mnist by default.
    design
        Attention to compare, such as cbam or pixel:units=32; may be given several times. The
        network without attention is always compared with.
    network
        As for regard train.
    recipe
        As for regard train; fast by default, for photos photos.
    epochs
        Passes over the training images; by default the recipe's.
    seeds
        How many seeds; 10 by default.
    images
        Training images, drawn anew with each seed; all by default.
    control
        What designs are compared with beside no attention; may be given several times. All by
        default: frozen, equal parameters, equal time, shuffled. Or none.
    worth
        Difference in accuracy that is worth having; 0.005 by default, half a point.
    until_decided
        Look after each seed from the fifth on, and stop when all designs are decided.
    tune
        Learning rates to try for each arm, on validation images; by default the recipe's is taken.
    config
        A TOML file with a study, such as the study.toml of another one; options win over it.
    resume
        Folder of a study to go on with.
    data
        Folder with the data set's files.
    name
        Name of the study; by default the data set's and the network's, counted up.
    studies
        Folder of all studies; studies by default.
    workers
        Trainings at a time; by default as many as there are cores.
    ray
        Address of a Ray cluster to train on, such as auto.
    json
        Print the result as JSON.
    """
    from regard import comparing

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = {
        "designs": design,
        "seeds": None if seeds is None else list(range(seeds)),
        "images": images,
        "controls": None if control is None else [one for one in control if one != "none"],
        "worth": worth,
        "until_decided": until_decided or None,
        "tune": tune,
    }
    of_recipe = {"dataset": dataset, "network": network, "epochs": epochs}
    if resume is None:
        study = _study(settings, of_recipe, recipe, config)
        loaded = _loaded(study, data)
        root = studies or Path("studies")
        found = comparing.compare(study, loaded, root, name, workers, ray, _progress())
    else:
        own = {"recipe": recipe, "config": config, "name": name, "studies": studies}
        _refuse_with_resume(**settings, **of_recipe, **own)
        from regard.studies.folder import StudyFolder

        loaded = _loaded(StudyFolder(resume).study, data)
        found = comparing.resume_comparison(resume, loaded, workers, ray, _progress())
    _print(found, json)


def _study(settings, of_recipe, recipe, config):
    from regard import datasets
    from regard.studies.study import make_study, read_study
    from regard.training.recipe import changed, read_recipe

    given = read_study(config) if config else {"seeds": list(range(10))}
    given |= {name: value for name, value in settings.items() if value is not None}
    if not given.get("designs"):
        raise UsageError("Name the attention to compare: --design cbam --design pixel:units=32")
    own = given.pop("recipe", {})
    if not isinstance(own, dict):
        raise UsageError(f"{config}: recipe is a table of settings; a named one is --recipe {own}.")
    if recipe is None and not own:
        named = of_recipe["dataset"]
        recipe = "photos" if named and datasets.holds_photos(named) else "fast"
    named = read_recipe(name=recipe).model_dump(exclude_unset=True) if recipe else {}
    return make_study(given | {"recipe": changed(own | named, **of_recipe)})


def _loaded(study, data):
    from regard import datasets

    loaded = datasets.load_for(study.recipe, data)
    notify(loaded.provenance.notice)
    return loaded


def _refuse_with_resume(designs, controls, **options):
    options |= {"design": designs, "control": controls}
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None]
    if given:
        raise UsageError(f"{given[0]} does not go with --resume, which goes on as the study says.")


def _progress():
    began = []

    def told(done, total, what):
        if began and done <= began[-1][1]:
            began.clear()
        began.append((time.monotonic(), done))
        (start, before), (now, _) = began[0], began[-1]
        left = (now - start) / max(done - before, 1) * (total - done)
        notify(f"{done}/{total}  {what}" + (f"  ({_duration(left)} left)" if done > before else ""))

    return told


def _duration(seconds):
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _print(found, json):
    if json:
        told = {"study": str(found.folder), "failed": _failed(found)}
        comparisons = [_plain(one) for one in found.comparisons]
        print_json(told | {"left_out": found.results.left_out, "comparisons": comparisons})
        return
    for line in _failed(found):
        notify(f"Failed: {line}")
    from regard.reports.study.answer import answer_lines

    print("\n".join(answer_lines(found.results, found.comparisons)))
    print(f"Report: {found.folder / 'report.html'}; tables beside it: table.md, .csv, .tex")


def _failed(found):
    return [f"{arm}, seed {seed}: {why}" for (arm, seed), why in found.results.failed.items()]


def _plain(comparison):
    """Returns a comparison as JSON types; what is not known is None."""
    return {name: None if value != value else value for name, value in asdict(comparison).items()}

"""Whether attention helps, in one call: plan the arms, train them, judge, report."""

import hashlib
import importlib.util
import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard import datasets
from regard.datasets.check import as_labels
from regard.errors import DataError, RegardError, UsageError
from regard.files import alone_in
from regard.studies.alike import differences
from regard.studies.comparison import Comparison
from regard.studies.folder import StudyFolder, new_study
from regard.studies.results import Results
from regard.studies.study import make_study
from regard.training.run import environment


class Stopped(RegardError):
    """The study was interrupted; its finished trainings are in the folder."""


@dataclass(frozen=True)
class Compared:
    """What a study came to.

    Attributes:
        folder: The study's folder, with `report.html`, `table.md`, `.csv` and `.tex`.
        results: What each training gave.
        comparisons: Each design against no attention and against its controls.
    """

    folder: Path
    results: Results
    comparisons: list[Comparison]


def compare(
    study=None,
    dataset=None,
    root="studies",
    name=None,
    workers=None,
    ray=None,
    progress=lambda done, total, what: None,
    **settings,
):
    """Compares networks with attention with the one without, over seeds, with controls.

    Args:
        study: A `regard.studies.study.Study`; or give its settings by name: `designs`, `seeds`, ….
        dataset: A `regard.datasets.Dataset`; by default the one that the study's recipe names.
        root: Folder of all studies.
        name: Name of the study; by default the data set's and the network's, counted up.
        workers: Processes on this machine; by default as many as it has cores.
        ray: Address of a Ray cluster to train on instead.
        progress: Called with the number of trainings done, of all, and what was done last.
        settings: Of a `Study`, in place of `study`.

    Returns:
        A `Compared`.

    Raises:
        UsageError: If a setting cannot be right, or a design does not fit the network.
        DataError: If the images cannot be used.
        Stopped: At Ctrl-C; go on with `resume_comparison`.
        RegardError: If no training of the network without attention succeeded.
    """
    if (study is None) == (not settings):
        raise UsageError("Give a study, or its settings by name: designs=[...], seeds=[...].")
    study = study or make_study(settings)
    dataset = dataset or datasets.load_for(study.recipe)
    _check_classes(dataset)
    _check_size(dataset, study.recipe)
    folder = new_study(study, Path(root), f"{dataset.name}-{study.recipe.network}", name)
    try:
        return _run(folder, dataset, workers, ray, progress)
    except (UsageError, DataError):
        if not folder.has_plan():
            shutil.rmtree(folder.path)
        raise


def resume_comparison(
    folder, dataset=None, workers=None, ray=None, progress=lambda done, total, what: None
):
    """Does what is not done yet of a study, tries again what failed, and writes the report.

    Args:
        folder: The study's folder.
        dataset: See `compare`.
        workers: See `compare`.
        ray: See `compare`.
        progress: See `compare`.

    Raises:
        DataError: If `folder` is no study or one of another version, or the images are others.
        UsageError: If another process works on it, or if settings that a training hangs on,
            backend, kind of processor or versions are others.
    """
    opened = StudyFolder(folder)
    dataset = dataset or datasets.load_for(opened.study.recipe)
    return _run(opened, dataset, workers, ray, progress)


def read_comparison(folder):
    """Judges what is done of a study, and writes its report anew; trains nothing."""
    return _judged(StudyFolder(folder))


def _run(folder, dataset, workers, ray, progress):
    digest = _digest(dataset)
    if folder.study.tune and not importlib.util.find_spec("optuna"):
        raise UsageError('To tune the learning rates Optuna is needed: pip install "regard[tune]"')
    if folder.has_plan():
        _refuse_what_changed(folder, digest)
    with alone_in(folder.path, "study"):
        folder.tidy()
        try:
            with _workers(folder.study, dataset, workers, ray) as pool:
                return _trained_and_judged(folder, pool, dataset, digest, progress)
        except KeyboardInterrupt:
            raise Stopped(f"Stopped. To go on: regard compare --resume {folder.path}") from None


def _trained_and_judged(folder, pool, dataset, digest, progress):
    if not folder.has_plan():
        folder.write_plan(_planned(pool), dataset, digest)
    arms = [arm for arm in folder.arms() if arm.arm.role != "shuffled"]
    untuned = _tune(folder, pool, arms, progress)
    seen = ()
    for seeds in _looks(folder.study):
        seen += seeds
        _train(folder, pool, arms, seeds, progress, untuned)
        compared = _judged(folder, seen)
        if folder.study.until_decided and _is_decided(compared):
            break
    return compared


def _refuse_what_changed(folder, digest):
    """Refuses to mix trainings that are not alike in one study."""
    plan = folder.read_plan()
    if plan["data"]["sha256"] != digest:
        raise DataError(
            f"{folder.path} was made with other images than those of {plan['data']['name']} now. "
            "Run the study anew."
        )
    changed = folder.changed_settings()
    if changed:
        raise UsageError(
            f"{folder.path / 'study.toml'} was changed after the study began: "
            f"{', '.join(changed)}. Put it back, or run it anew with --config."
        )
    others = differences(plan["environment"], environment())
    if others:
        raise UsageError(
            f"{folder.path} was made otherwise: {', '.join(others)}. Go on as it was, or run it "
            f"anew: regard compare --config {folder.path / 'study.toml'}"
        )


def _workers(study, dataset, workers, ray):
    if ray is not None:
        if workers is not None:
            raise UsageError("--workers is for this machine and does not go with --ray.")
        from regard.studies.on_ray import RayWorkers

        return RayWorkers(study, dataset, ray)
    from regard.studies.local import LocalWorkers

    return LocalWorkers(study, dataset, workers)


def _planned(pool):
    ((_, answer),) = pool.run([{"do": "plan"}])
    _raise_refusal(answer)
    if "failed" in answer:
        raise RegardError(
            "The arms could not be built; leave out the largest design, or the control of equal "
            f"time, for which steps of each are timed. {answer['failed']}"
        )
    return answer


def _raise_refusal(answer):
    kinds = {UsageError.exit_code: UsageError, DataError.exit_code: DataError}
    if "refused" in answer:
        raise kinds.get(answer["exit_code"], RegardError)(answer["refused"])


def _tune(folder, pool, arms, progress):
    """Finds the learning rates; returns by the name of an arm why there is none."""
    if not folder.study.tune:
        return {}
    untuned = {}
    open_arms = {arm.arm.name: arm for arm in arms if folder.rate(arm.arm.name) is None}
    tasks = [{"do": "tune", "arm": arm.to_dict()} for arm in open_arms.values()]
    for done, (task, answer) in enumerate(pool.run(tasks), 1):
        name = task["arm"]["arm"]["name"]
        if "failed" in answer:
            untuned[name] = f"its learning rate was not found: {answer['failed']}"
            progress(done, len(tasks), f"{name}: {untuned[name]}")
            continue
        folder.write_rate(name, answer)
        progress(done, len(tasks), f"tuned {name}: learning rate {answer['learning_rate']:.2g}")
    return untuned


def _train(folder, pool, arms, seeds, progress, untuned):
    for name, seed in itertools.product(untuned, seeds):
        if folder.piece(name, seed) is None:
            folder.write_piece(name, seed, {"failed": untuned[name]})
    tasks = [
        {
            "do": "train",
            "arm": arm.to_dict(),
            "seed": seed,
            "rate": folder.rate(arm.arm.name) if folder.study.tune else None,
        }
        for seed in seeds
        for arm in arms
        if folder.piece(arm.arm.name, seed) is None and arm.arm.name not in untuned
    ]
    total = len(arms) * len(folder.study.seeds)
    before = len(arms) * (folder.study.seeds.index(seeds[-1]) + 1) - len(tasks)
    progress(before, total, f"{len(tasks)} trainings of {len(arms)} arms")
    for done, (task, answer) in enumerate(pool.run(tasks), before + 1):
        name, seed = task["arm"]["arm"]["name"], task["seed"]
        folder.write_piece(name, seed, answer)
        progress(done, total, f"{name}, seed {seed}: {_told(name, answer)}")


def _told(name, answer):
    if "failed" in answer:
        return f"failed: {answer['failed']}"
    score = answer["scores"][name]
    return f"accuracy {score['accuracy']:.4f}{', diverged' if score['diverged'] else ''}"


def _looks(study):
    """Yields the seeds that are trained before each look at the results."""
    from regard.studies.statistics import FEWEST_SEEDS

    first = FEWEST_SEEDS if study.until_decided else len(study.seeds)
    yield study.seeds[:first]
    for seed in study.seeds[first:]:
        yield (seed,)


def _judged(folder, seeds=None):
    from regard.reports.study import write_study
    from regard.studies.judging import judge

    results = folder.results(seeds)
    if not results.seeds("none"):
        why = next(iter(results.failed.values()), "none was done")
        raise RegardError(f"No training without attention succeeded, of {folder.path}: {why}")
    comparisons = judge(results)
    write_study(folder.path, results, comparisons)
    return Compared(folder.path, results, comparisons)


def _is_decided(compared):
    return not any(
        one.verdict.startswith("cannot tell")
        for one in compared.comparisons
        if one.against == "none"
    )


def _check_classes(dataset):
    names = dataset.class_names
    if len(names) < 2 or len(np.unique(as_labels(dataset.train.labels, len(names)))) < 2:
        raise DataError(f"{dataset.name} has one class; there is nothing to tell apart.")


def _check_size(dataset, recipe):
    """Refuses images that were given in another size than the recipe's, which is for loading."""
    shape, size = np.shape(dataset.train.images), recipe.image_size
    if size is not None and shape[1:3] != (size, size):
        given = " x ".join(map(str, shape[1:3]))
        raise UsageError(
            f"image_size is {size}, but the images given are {given}. Photos are stretched as they "
            "are loaded; leave image_size out."
        )


def _digest(dataset):
    """SHA-256 of all images and labels."""
    whole = hashlib.sha256()
    for split in (dataset.train, dataset.validation, dataset.test):
        if split is not None:
            whole.update(np.ascontiguousarray(split.images).data)
            whole.update(np.ascontiguousarray(split.labels).data)
    return whole.hexdigest()

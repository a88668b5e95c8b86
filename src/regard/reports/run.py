"""What a finished training leaves for its reader: the test result, the report, the card."""

import json

import numpy as np

from regard.datasets.check import as_images, as_labels
from regard.errors import RegardError
from regard.evaluation import evaluate_probabilities
from regard.evaluation.predict import classify
from regard.explanation import default_method, explainer
from regard.files import write_text
from regard.maps.faithfulness import faithfulness
from regard.reports.recipe_words import recipe_words
from regard.reports.report import render
from regard.training.run import REPEATABLE, environment, read_metrics

SHOWN_SAMPLES = 24
SHOWN_MAPS = 8
JUDGED_IMAGES = 50
MEASURES = ("insertion", "deletion", "parameter_randomisation")


def finish_run(trained, dataset, recipe):
    """Looks at the test images, once, and writes `evaluation.json`, `report.html`, `README.md`.

    Args:
        trained: A `regard.training.Trained`.
        dataset: The data set that it was trained on.
        recipe: The settings.

    Returns:
        The `Evaluation` on the test images.

    Raises:
        DataError: If the test images or labels cannot be used.
        RegardError: If the disk is full.
    """
    images = dataset.test.images
    labels = as_labels(dataset.test.labels, len(dataset.class_names), len(images))
    probabilities = classify(trained.model, images)
    evaluation = evaluate_probabilities(probabilities, labels, dataset.class_names)
    folder = trained.folder
    write_text(folder / "evaluation.json", json.dumps(evaluation.to_dict(), indent=2) + "\n")
    write_text(folder / "report.html", _report(trained, dataset, recipe, evaluation))
    write_text(folder / "README.md", _card(trained, dataset, recipe, evaluation))
    return evaluation


def prediction_titles(evaluation, labels, indices):
    """Returns for each index a title with the predicted class, its confidence and the true one."""
    names = evaluation.class_names
    titles = []
    for index in indices:
        guess = evaluation.predictions[index]
        confidence = evaluation.probabilities[index, guess]
        verdict = "" if guess == labels[index] else f", true: {names[labels[index]]}"
        titles.append(f"{names[guess]} {confidence:.0%}{verdict}")
    return titles


def right_and_wrong(evaluation, labels, count):
    """Returns the indices of the first images, half of them classified wrongly if there are."""
    is_wrong = evaluation.predictions != np.asarray(labels)
    wrong = np.flatnonzero(is_wrong)[: count // 2]
    right = np.flatnonzero(~is_wrong)[: count - len(wrong)]
    return [*right.tolist(), *wrong.tolist()]


def _report(trained, dataset, recipe, evaluation):
    test, train = dataset.test, dataset.train
    shown = right_and_wrong(evaluation, test.labels, SHOWN_MAPS)
    images, judged = as_images(test.images[shown]), as_images(test.images[:JUDGED_IMAGES])
    methods = dict.fromkeys([default_method(trained.model, judged), "grad_cam"])
    makers = {name: explainer(name) for name in methods}
    samples = range(min(SHOWN_SAMPLES, len(train)))
    return render(
        title=trained.folder.name,
        facts=_facts(trained, dataset, recipe),
        dataset_notice=dataset.provenance.notice,
        history=read_metrics(trained.folder),
        best_epoch=trained.best_epoch,
        evaluation=evaluation,
        sample_images=train.images[list(samples)],
        sample_titles=[dataset.class_names[train.labels[i]] for i in samples],
        mistake_images=test.images[evaluation.mistakes],
        mistake_titles=prediction_titles(evaluation, test.labels, evaluation.mistakes),
        map_images=test.images[shown],
        map_values={name: maker(trained.model, images, None) for name, maker in makers.items()},
        map_titles=prediction_titles(evaluation, test.labels, shown),
        verdicts={name: _judge(trained.model, maker, judged) for name, maker in makers.items()},
        class_names=dataset.class_names,
    )


def _judge(model, maker, images):
    """How faithful maps are, or in words why that cannot be measured."""
    try:
        return faithfulness(model, maker, images, measures=MEASURES)
    except RegardError as error:
        return str(error)


def _facts(trained, dataset, recipe):
    here = environment()
    seconds = sum(row["seconds"] for row in read_metrics(trained.folder))
    return {
        "Data": f"{dataset.name}: {_counts(dataset)}, {len(dataset.test):,} to test on",
        "Source": dataset.provenance.source,
        "Network": f"{trained.model.name}, {trained.model.count_params():,} parameters",
        "Recipe": f"{recipe_words(recipe)}, seed {recipe.seed}",
        "Epoch kept": f"{trained.best_epoch}, the best on {_held_out(dataset, recipe)}",
        "Training time": f"{seconds:.0f} s on {here['cores']} cores",
        "Versions": ", ".join(f"{name} {v}" for name, v in here["packages"].items())
        + f"; backend {here['backend']}",
        "Repeatable": REPEATABLE,
    }


def _counts(dataset):
    if dataset.validation is None:
        return f"{len(dataset.train):,} images to train and validate on"
    return f"{len(dataset.train):,} images to train on, {len(dataset.validation):,} to validate on"


def _held_out(dataset, recipe):
    if dataset.validation is None:
        return f"the {recipe.validation_fraction:.0%} of the training images held out for it"
    return "the images to validate on"


def _card(trained, dataset, recipe, evaluation):
    facts = "\n".join(f"- {k}: {v}" for k, v in _facts(trained, dataset, recipe).items())
    notice = f"\n{dataset.provenance.notice}\n" if dataset.provenance.notice else ""
    return f"""# {trained.folder.name}

{evaluation.summary()}
{notice}
{facts}

The epoch was chosen on validation images alone; the test images were looked at once, at the end.

    regard evaluate {trained.folder}
    regard predict {trained.folder} photo.png
    regard explain {trained.folder} photo.png
"""

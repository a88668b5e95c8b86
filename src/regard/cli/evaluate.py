"""`regard evaluate`."""

from pathlib import Path

from cyclopts.types import ExistingDirectory

from regard.cli.keras_quietly import load_keras
from regard.cli.output import notify, print_json, print_table


def evaluate(
    run: Path,
    /,
    *,
    data: ExistingDirectory | None = None,
    trust: bool = False,
    json: bool = False,
):
    """Test a run: accuracy with its interval, per class, calibration, mistakes.

    Parameters
    ----------
    run
        A run folder.
    data
        Folder with the data set's files.
    trust
        Read the network even where that needs trust in who made it: a run of an older version.
    json
        Print the result as JSON.
    """
    from regard.pipeline import load_run_data
    from regard.training.run import read_config

    dataset = load_run_data(read_config(run), data)
    notify(dataset.provenance.notice)

    load_keras()
    from regard import load
    from regard.evaluation import evaluate_probabilities
    from regard.evaluation.predict import classify
    from regard.files import unused
    from regard.reports.figures import image_grid, save
    from regard.reports.run import prediction_titles

    test = dataset.test
    probabilities = classify(load(run, trust), test.images)
    evaluation = evaluate_probabilities(probabilities, test.labels, dataset.class_names)
    pictures = None
    if len(evaluation.mistakes):
        titles = prediction_titles(evaluation, test.labels, evaluation.mistakes)
        pictures = unused(run / "mistakes.png")
        save(image_grid(test.images[evaluation.mistakes], titles), pictures)
    if json:
        print_json(evaluation.to_dict() | {"pictures": pictures})
        return
    print(evaluation.summary())
    measures = zip(evaluation.class_names, evaluation.precision, evaluation.recall, strict=True)
    print_table(
        ("class", "precision", "recall"), [(n, f"{p:.3f}", f"{r:.3f}") for n, p, r in measures]
    )
    print_table(
        ("true \\ predicted", *evaluation.class_names),
        [
            (name, *row)
            for name, row in zip(evaluation.class_names, evaluation.matrix.tolist(), strict=True)
        ],
    )
    if pictures:
        print(f"Worst mistakes: {pictures}")

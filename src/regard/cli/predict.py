"""`regard predict`."""

from pathlib import Path

from regard.cli.keras_quietly import load_keras
from regard.cli.output import print_json, print_table


def predict(run: Path, images: list[Path], /, *, json: bool = False):
    """Classify pictures.

    Parameters
    ----------
    run
        A run folder.
    images
        Picture files, or folders of them.
    json
        Print the result as JSON.
    """
    from regard.training.run import read_config

    names = read_config(run)["data"]["class_names"]

    load_keras()
    from regard import load
    from regard.cli.pictures import read_for
    from regard.evaluation.predict import predict_probabilities

    model = load(run)
    files, pictures = read_for(model, images)
    probabilities = predict_probabilities(model, pictures)
    if json:
        print_json(
            [
                {"image": file, "class": names[row.argmax()], "probabilities": _by_name(names, row)}
                for file, row in zip(files, probabilities, strict=True)
            ]
        )
        return
    print_table(
        ("image", "class", "probability", "next"),
        [(file, *_best(names, row)) for file, row in zip(files, probabilities, strict=True)],
    )


def _by_name(names, row):
    return {name: round(float(value), 6) for name, value in zip(names, row, strict=True)}


def _best(names, row):
    first, second = row.argsort()[::-1][:2]
    return names[first], f"{row[first]:.1%}", f"{names[second]} {row[second]:.1%}"

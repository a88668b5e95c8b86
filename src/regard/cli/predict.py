"""`regard predict`."""

from pathlib import Path

from regard.cli.keras_quietly import load_keras
from regard.cli.output import notify, print_json, print_table


def predict(run: Path, images: list[Path], /, *, trust: bool = False, json: bool = False):
    """Classify pictures; by the run's model.onnx where there is one, see `regard export`.

    Parameters
    ----------
    run
        A run folder.
    images
        Picture files, or folders of them.
    trust
        Read the network even where that needs trust in who made it: a run of an older version.
    json
        Print the result as JSON.
    """
    from regard.training.run import read_config

    names = read_config(run)["data"]["class_names"]
    files, probabilities = _by_exported_file(run, images) or _by_keras(run, images, trust)
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


def _by_exported_file(run, images):
    """Returns the files and their probabilities, or None where no exported file can be used."""
    from regard.cli.pictures import read_as
    from regard.export.run import exported

    network, reason = exported(run)
    notify(reason)
    if network is None:
        return None
    files, pictures = read_as(network.input_shape[1:], images)
    return files, network(pictures)


def _by_keras(run, images, trust):
    load_keras()
    from regard import load
    from regard.cli.pictures import read_for
    from regard.evaluation.predict import predict_probabilities

    model = load(run, trust)
    files, pictures = read_for(model, images)
    return files, predict_probabilities(model, pictures)


def _by_name(names, row):
    return {name: round(float(value), 6) for name, value in zip(names, row, strict=True)}


def _best(names, row):
    first, second = row.argsort()[::-1][:2]
    return names[first], f"{row[first]:.1%}", f"{names[second]} {row[second]:.1%}"

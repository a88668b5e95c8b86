"""`regard explain`."""

from pathlib import Path
from typing import Literal

from cyclopts.types import ExistingDirectory

from regard.cli.keras_quietly import load_keras
from regard.cli.output import print_json

SHOWN = 8
SUFFIXES = (".png", ".jpg", ".svg", ".pdf")


def explain(
    run: Path,
    images: list[Path] | None = None,
    /,
    *,
    layer: str | None = None,
    projection: Literal["received", "query"] = "received",
    query: tuple[int, int] | None = None,
    data: ExistingDirectory | None = None,
    output: Path | None = None,
    json: bool = False,
):
    """Show where a network looks.

    Parameters
    ----------
    run
        A run folder.
    images
        Picture files, or folders of them; by default some of the run's test images.
    layer
        Path of the attention layer; by default the one that the network marks, or the last.
    projection
        "received": the attention that each pixel receives; "query": what one pixel attends to.
    query
        Row and column of that pixel on the image.
    data
        Folder with the data set's files, for the run's test images.
    output
        Picture to write; by default maps.png in the run folder, counted up.
    json
        Print the result as JSON.
    """
    from regard.files import unused
    from regard.training.run import read_config

    config = read_config(run)
    if output is not None:
        _check_output(output)

    load_keras()
    from regard import attention_maps, load
    from regard.evaluation.predict import predict_probabilities
    from regard.reports.figures import overlays, save

    model = load(run)
    files, pictures = _pictures(config, model, images, data)
    maps = attention_maps(model, pictures, layer)
    projected = maps.to_images(projection, query)
    probabilities = predict_probabilities(model, pictures)
    names = config["data"]["class_names"]
    titles = [f"{names[row.argmax()]} {row.max():.0%}" for row in probabilities]
    target = output or unused(run / "maps.png")
    shown = (pictures * 255).round().astype("uint8")
    shown = shown[..., 0] if shown.shape[-1] == 1 else shown
    save(overlays(shown, projected, titles, f"attention, {projection}"), target)
    if json:
        print_json({"layer": maps.default, "images": files, "classes": titles, "picture": target})
    else:
        print(f"Layer {maps.default}: {target}")


def _check_output(output):
    from regard.errors import UsageError

    if output.exists():
        raise UsageError(f"{output} exists and is not overwritten. Choose another --output.")
    if output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--output must end in one of {', '.join(SUFFIXES)}, not {output}.")
    if not output.parent.is_dir():
        raise UsageError(f"There is no folder {output.parent} for --output.")


def _pictures(config, model, images, data):
    if images:
        from regard.cli.pictures import read_for

        return read_for(model, images)
    from regard.datasets.check import as_images
    from regard.pipeline import load_run_data

    test = load_run_data(config, data).test
    return [f"test image {i}" for i in range(SHOWN)], as_images(test.images[:SHOWN])

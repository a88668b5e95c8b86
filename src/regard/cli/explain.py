"""`regard explain`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.types import ExistingDirectory

from regard.cli.keras_quietly import load_keras
from regard.cli.output import notify, print_json

Projection = Literal["received", "gate", "query", "rollout", "head", "group", "branch", "channel"]


def explain(
    model: Path,
    images: list[Path] | None = None,
    /,
    *,
    method: list[str] | None = None,
    class_: Annotated[str | None, Parameter(name="--class")] = None,
    layer: str | None = None,
    projection: Projection | None = None,
    query: tuple[int, int] | None = None,
    verdict: bool = False,
    data: ExistingDirectory | None = None,
    output: Path | None = None,
    trust: bool = False,
    json: bool = False,
):
    """Show where a network looks, and whether to believe it.

    Parameters
    ----------
    model
        A run folder, or with --trust a .keras file.
    images
        Picture files, or folders of them; by default some of the run's test images.
    method
        "attention", or an attribution method such as "grad_cam"; each one more has a column of
        its own. By default attention, or Grad-CAM where the network has none that can be drawn.
    class_
        Name or number of the class to explain; by default the predicted one. Attention is the
        same for all.
    layer
        Path of the attention layer, or of the layer whose feature map Grad-CAM takes.
    projection
        Of the attention; by default received or gate, as its map is.
    query
        Row and column, on the network's input, of the pixel for the projection "query".
    verdict
        Measure whether the maps follow the network: on the pictures, or on 64 test images.
    data
        Folder with the data set's files, for the run's test images.
    output
        File to write: .png, .jpg, .svg, .pdf, or .html for a page on which to choose the query
        of one picture; by default maps.png in the run folder or here, counted up.
    trust
        Read a .keras file, or a run of an older version; who made it is trusted.
    json
        Print the result as JSON.
    """
    from regard.cli.explaining import check_output, class_index, draw, names_of, pictures_of
    from regard.explanation import default_method, explainer
    from regard.files import unused

    for name in method or ():
        explainer(name, layer, projection, query)
    check_output(output, method)
    names = names_of(model)

    load_keras()
    from regard import faithfulness, load
    from regard.evaluation.predict import predict_probabilities

    network = load(model, trust)
    shown, judged = pictures_of(model, network, images, data)
    probabilities = predict_probabilities(network, shown.inputs)
    names = names or [f"class {n}" for n in range(probabilities.shape[1])]
    chosen = class_index(class_, names)
    methods = method or [default_method(network, shown.inputs)]
    if method is None and methods != ["attention"]:
        notify(f"{network.name} has no attention that can be drawn; this is {methods[0]}.")
    makers = {name: explainer(name, layer, projection, query) for name in methods}
    titles = [f"{names[row.argmax()]} {row.max():.0%}" for row in probabilities]
    target = output or unused((model if model.is_dir() else Path()) / "maps.png")
    draw(network, shown, makers, chosen, titles, target, layer)
    verdicts = {
        name: faithfulness(network, maker, judged, classes=chosen)
        for name, maker in (makers if verdict else {}).items()
    }
    if json:
        print_json(
            {
                "methods": methods,
                "images": shown.names,
                "classes": titles,
                "picture": target,
                "verdicts": {name: found.to_dict() for name, found in verdicts.items()},
            }
        )
    else:
        print(f"{', '.join(methods)}: {target}")
        for name, found in verdicts.items():
            print(f"\n{name}\n{found}")

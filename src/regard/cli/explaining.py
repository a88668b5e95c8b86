"""What `regard explain` needs: the pictures, as they were and as the network takes them."""

from dataclasses import dataclass

import numpy as np

from regard.errors import DataError, UsageError, nearest

SHOWN = 8
JUDGED = 64
SUFFIXES = (".png", ".jpg", ".svg", ".pdf", ".html")


@dataclass(frozen=True)
class Pictures:
    """Pictures to explain.

    Attributes:
        names: Where each is from.
        originals: Each upright and in its own size, uint8.
        inputs: All as the network takes them, `(batch, rows, columns, channels)`.
    """

    names: list
    originals: list[np.ndarray]
    inputs: np.ndarray


def check_output(output, methods):
    """Refuses a file to write that exists, or of a kind that does not go with the methods."""
    if output is None:
        return
    if output.exists():
        raise UsageError(f"{output} exists and is not overwritten. Choose another --output.")
    if output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--output must end in one of {', '.join(SUFFIXES)}, not {output}.")
    if output.suffix.lower() == ".html" and methods not in (None, ["attention"]):
        raise UsageError(f"An .html page shows attention alone, not {', '.join(methods)}.")
    if not output.parent.is_dir():
        raise UsageError(f"There is no folder {output.parent} for --output.")


def names_of(model):
    """Returns the names of a run's classes; None for a model file."""
    from regard.training.run import read_config

    return None if model.is_file() else read_config(model)["data"]["class_names"]


def class_index(text, names):
    """Returns the index of a class given by its name or number, None for None."""
    if text is None or text in names:
        return None if text is None else list(names).index(text)
    if text.isdecimal() and int(text) < len(names):
        return int(text)
    raise UsageError(
        f"No class is called {text!r}. {nearest(text, names)} Or give its number, 0 to "
        f"{len(names) - 1}."
    )


def pictures_of(model, network, files, data):
    """Returns the pictures to show, and the images to judge maps on."""
    if files:
        from regard.cli.pictures import read_for, read_originals

        found, inputs = read_for(network, files)
        return Pictures(found, read_originals(found), inputs), inputs
    if model.is_file():
        raise UsageError(f"{model} is a file, without test images. Name pictures after it.")
    from regard.datasets.check import as_images
    from regard.pipeline import load_run_data
    from regard.training.run import read_config

    test = load_run_data(read_config(model), data).test
    names = [f"test image {i}" for i in range(min(SHOWN, len(test)))]
    inputs = as_images(test.images[:JUDGED])
    return Pictures(names, list(test.images[:SHOWN]), inputs[:SHOWN]), inputs


def draw(network, shown, makers, classes, titles, target, layer):
    """Writes the maps of all methods over the pictures, or the page of one picture."""
    from regard.files import write_text
    from regard.reports.figures import head_grid, map_grid, overlays, save

    if target.suffix.lower() == ".html":
        write_text(target, _page(network, shown, layer, titles[0]))
        return
    maps = {
        name: _on_originals(maker(network, shown.inputs, classes), shown)
        for name, maker in makers.items()
    }
    (first, *others) = maps.values()
    if first[0].ndim == 3:
        _refuse_several(shown, "A map for each head")
        names = [f"{n + 1}" for n in range(len(first[0]))]
        figure = head_grid(shown.originals[0], first[0], names)
    elif others:
        figure = map_grid(shown.originals, maps, titles)
    else:
        figure = overlays(shown.originals, first, titles, next(iter(makers)))
    save(figure, target)


def _page(network, shown, layer, title):
    from regard.maps import attention_maps
    from regard.reports.query_viewer import query_page

    _refuse_several(shown, "A page")
    picture = shown.originals[0]
    maps = attention_maps(network, shown.inputs, layer).on_picture(picture.shape[:2])
    attention = maps[maps.default]
    if "query" not in attention.projections:
        raise DataError(
            f"The map of {maps.default} has no queries to choose. Leave out .html, or name another "
            "--layer."
        )
    heading = f"{shown.names[0]}: {title}"
    return query_page(picture, attention.values[0], attention.geometry, heading)


def _refuse_several(shown, what):
    if len(shown.originals) > 1:
        raise UsageError(f"{what} shows one picture, not {len(shown.originals)}. Name one.")


def _on_originals(maps, shown):
    """Stretches each map over its picture, as the picture was stretched for the network."""
    from regard.maps.geometry import stretched
    from regard.maps.project import to_image

    sizes = [picture.shape[:2] for picture in shown.originals]
    return [
        to_image(values, stretched(size, values.shape[-2:]), size)
        for values, size in zip(maps, sizes, strict=True)
    ]

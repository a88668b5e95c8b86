"""The section of the report that shows where the network looks, as HTML."""

from regard.reports.interactive import color_bar
from regard.reports.page import captioned, gallery, paragraph, picture, section, table
from regard.reports.pictures import as_rgb, is_flat, overlay, shared_scale

_MEANING = (
    "Attention: colour is the mean attention weight that a pixel of the feature map receives "
    "from all pixels, without a unit: in one map the weights sum to 1, so that even attention "
    "over n pixels is 1/n everywhere; of a gate, the factor of each pixel. It shows where the "
    "attention layer gathers from, not which pixels the class was decided by. Grad-CAM: how far "
    "the feature map at a pixel, weighted by the gradient, speaks for the class."
)
_VERDICTS = (
    "Each method beside the same measure of a map that knows nothing of the network: uniform, the "
    "centre, the picture's edges, and the method's own maps of a network with shuffled weights. A "
    "method follows the model only if it does better than all of them."
)


def attention(images, maps, titles, verdicts):
    """Maps beside their images, and whether they follow the network.

    Args:
        images: Images, uint8.
        maps: Maps `(rows, columns)` for each image by the method's name.
        titles: A title for each image.
        verdicts: `regard.maps.faithfulness.Faithfulness` by the method's name, or why it could
            not be measured, as text.
    """
    scales = {name: shared_scale(values) for name, values in maps.items()}
    figures = [
        _figure(image, title, {name: (maps[name][n], scales[name][0]) for name in maps})
        for n, (image, title) in enumerate(zip(images, titles, strict=True))
    ]
    bars = [captioned(color_bar(*scales[name]), f"Colours of {_spelt(name)}") for name in maps]
    return section(
        "Where the network looks",
        paragraph(f"From left to right: the image, {', '.join(map(_spelt, maps))}. {_MEANING}"),
        gallery(figures, "pairs"),
        gallery(bars, "charts"),
        *_believing(verdicts),
    )


def _figure(image, title, layers):
    flat = [_spelt(name) for name, (values, _) in layers.items() if is_flat(values)]
    caption = f"{title}; {' and '.join(flat)} uniform" if flat else title
    overlays = [
        picture(overlay(image, values, scale), f"{_spelt(name)} of: {title}")
        for name, (values, scale) in layers.items()
    ]
    return captioned(picture(as_rgb(image), title) + "".join(overlays), caption)


def _believing(verdicts):
    if not verdicts:
        return []
    measured = {name: found for name, found in verdicts.items() if not isinstance(found, str)}
    rows = [(_spelt(name), _words(found)) for name, found in verdicts.items()]
    parts = [paragraph(_VERDICTS), table([], rows, "facts")]
    if measured:
        count = len(next(iter(measured.values())).classes)
        parts += [paragraph(f"Means over {count} images, with 95 % intervals.", "quiet")]
        parts += [_measures(measured)]
    return parts


def _words(found):
    return found if isinstance(found, str) else f"{found.verdict.capitalize()}. {found.reason}"


def _measures(measured):
    kinds = ["map", "uniform", "centre", "edges", "randomised"]
    rows = []
    for name, found in measured.items():
        cells = {(row.measure, row.kind): row for row in found.table}
        for measure in found.scores:
            values = [cells.get((measure, kind)) for kind in kinds]
            title = f"{_spelt(name)}, {measure.replace('_', ' ')}"
            rows.append((title, *(_interval(row) for row in values)))
    return table(["Measure", "the maps", *kinds[1:4], "shuffled network"], rows)


def _interval(row):
    if row is None:
        return "—"
    return f"{row.mean:.3f} [{row.low:.3f},\N{NO-BREAK SPACE}{row.high:.3f}]"


def _spelt(name):
    return {"grad_cam": "Grad-CAM"}.get(name, name.replace("_", " "))

"""The attention maps of a study's arms, side by side."""

from html import escape

from regard.reports.interactive import color_bar
from regard.reports.page import paragraph, picture, section
from regard.reports.pictures import as_rgb, is_flat, overlay, shared_scale
from regard.studies.part import spread_out

_MEANING = (
    "Some test images, and the attention of each arm laid over them, from one seed. Each column "
    "has colours of its own, below it. Where an arm attends is not by itself why it decides: see "
    "the faithfulness of its maps among the numbers."
)


def side_by_side(results):
    """Returns a table of pictures: a row for each image, a column for each arm with maps.

    Args:
        results: A `regard.studies.results.Results`.
    """
    names = [arm.name for arm in results.arms if arm.name in results.maps]
    if not names or results.map_images is None or not len(results.map_images):
        return ""
    scales = {name: shared_scale(results.maps[name]) for name in names}
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ["image", *names])
    body = "\n".join(
        _row(results, names, scales, number) for number in range(len(results.map_images))
    )
    bars = "".join(f"<td>{color_bar(*scales[name])}</td>" for name in names)
    return section(
        "Where they look",
        paragraph(_MEANING, "quiet"),
        f'<div class="scroll" tabindex="0"><table class="maps">\n<thead><tr>{head}</tr></thead>\n'
        f'<tbody>\n{body}\n<tr><th scope="row">values</th>{bars}</tr>\n</tbody></table></div>',
    )


def _row(results, names, scales, number):
    image = results.map_images[number]
    place = spread_out(len(results.map_images), len(results.labels))[number]
    title = results.class_names[results.labels[place]]
    cells = [f'<th scope="row">{picture(as_rgb(image), title)}{escape(title)}</th>']
    for name in names:
        values = results.maps[name][number]
        drawn = picture(overlay(image, values, scales[name][0]), f"{name}: {title}")
        cells.append(f"<td>{drawn}{'uniform' if is_flat(values) else ''}</td>")
    return f"<tr>{''.join(cells)}</tr>"

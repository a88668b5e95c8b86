"""The query viewer: a page that shows what each pixel of a feature map attends to."""

import base64
from dataclasses import asdict
from html import escape

import numpy as np

from regard.errors import DataError
from regard.reports.interactive import interactive_page, is_signed, palette, png_address
from regard.reports.page import paragraph
from regard.reports.pictures import as_rgb, is_flat, shared_scale

LIMIT = 4_000_000
_SMALL = 64


def query_page(image, attention, geometry, title="What each pixel attends to", names=None):
    """Returns a page on which the pointer, a finger or the arrow keys choose the query.

    On the left, the image with the pixels of the feature map: one of them is the query. On the
    right, what it attends to, over the image in grey, with the value under the pointer. Each
    map pixel lies where its receptive field has its centre; the field is drawn dashed. The page
    is one file that loads nothing; write it with `regard.files.write_text`.

    Values are kept in single precision, 5.3 bytes each.

    Args:
        image: Image `(rows, columns)` or `(rows, columns, 3)`, uint8.
        attention: Attention `(queries, keys)` or `(heads, queries, keys)` of this image, finite;
            queries and keys are the pixels of the feature map in row-major order.
        geometry: Where these pixels lie on the image: a layer's `geometry` of
            `regard.attention_maps`, moved by its `on_picture` if the image has another size than
            those of the model.
        title: Title of the page.
        names: A name for each head; by default "head 1", "head 2", ….

    Returns:
        The page as a string.

    Raises:
        DataError: If image, attention, geometry and names do not fit each other, if a value is
            not finite, or if there are more than 4 million values.

    Example:
        >>> from regard.maps.geometry import stretched
        >>> even = np.full((4, 6, 6), 1 / 6)
        >>> page = query_page(np.zeros((28, 28), np.uint8), even, stretched((28, 28), (2, 3)))
        >>> page.count("<option") - 2, "http" in page
        (5, False)
    """
    picture = as_rgb(image)
    attention = _checked(attention, geometry)
    if names is None:
        names = [f"head {number}" for number in range(1, len(attention) + 1)]
    if len(names) != len(attention):
        raise DataError(f"There are {len(names)} names for {len(attention)} heads.")
    choices = [*attention, attention.mean(axis=0)] if len(attention) > 1 else attention
    return interactive_page(
        title,
        paragraph(
            "Choose a pixel of the feature map on the left: with the pointer, a finger or the "
            "arrow keys. The right picture shows in colour what this pixel attends to. The dashed "
            "line on the left is the part of the image that it sees. Rows and columns count from 0."
        ),
        _controls(names),
        f'<div class="viewer">{_panels(picture)}</div>',
        '<p class="told"><span id="told" role="status"></span> '
        '<span id="value" role="status"></span></p>',
        data=_data(picture, attention, choices, geometry),
        script="query_viewer.js",
    )


def _checked(attention, geometry):
    attention = np.asarray(attention, np.float64)
    if attention.ndim == 2:
        attention = attention[None]
    if geometry is None or len(geometry.axes) != 2:
        raise DataError("The feature map has no rows and columns on the image to choose from.")
    sizes = [axis.size for axis in geometry.axes]
    pixels = sizes[0] * sizes[1]
    if attention.ndim != 3 or not len(attention) or attention.shape[1:] != (pixels, pixels):
        raise DataError(
            f"Attention must be (queries, keys) or (heads, queries, keys) over {sizes[0]} x "
            f"{sizes[1]} = {pixels} pixels, not of shape {attention.shape}."
        )
    if attention.size > LIMIT:
        raise DataError(
            f"{attention.size} values are too many for a page (limit {LIMIT}). Choose a layer "
            "with a smaller feature map, or fewer heads."
        )
    return attention


def _data(picture, attention, choices, geometry):
    scale, _ = shared_scale(attention)
    ends = [shared_scale([choice])[1] for choice in choices]
    return {
        "image": picture.shape[:2],
        "axes": [asdict(axis) for axis in geometry.axes],
        "heads": len(attention),
        "attention": base64.b64encode(attention.astype("<f4").tobytes()).decode(),
        "ends": [(each[0], each[-1]) for each in ends],
        "flat": ["".join(str(int(is_flat(row))) for row in choice) for choice in choices],
        "signed": is_signed(scale),
        "colors": [f"#{bytes(color).hex()}" for color in palette(scale)],
    }


def _controls(names):
    head = ""
    if len(names) > 1:
        options = "".join(
            f'<option value="{number}">{escape(name)}</option>' for number, name in enumerate(names)
        )
        mean = f'<option value="{len(names)}" selected>mean of all</option>'
        head = f'<label>Head <select id="head">{mean}{options}</select></label>'
    return (
        f'<div class="controls">{head}<label>Colours <select id="range">'
        '<option value="own">from smallest to largest of this pixel</option>'
        '<option value="shared">one scale for all pixels</option>'
        "</select></label></div>"
    )


def _panels(picture):
    rows, columns = picture.shape[:2]
    rendering = "pixelated" if max(rows, columns) <= _SMALL else "auto"
    whole = (
        f'<image id="picture" x="-0.5" y="-0.5" width="{columns}" height="{rows}" '
        f'style="image-rendering: {rendering}" href="{png_address(picture)}"></image>'
    )
    left = _panel(
        picture,
        "from",
        "Query: the pixel that looks. Arrow keys move it.",
        f'{whole}<g class="grid" id="grid"></g><g id="query"></g>',
    )
    right = _panel(
        picture,
        "to",
        "What it attends to. Arrow keys read the values.",
        '<use class="under" href="#picture"></use>'
        '<g class="over" id="map" shape-rendering="crispEdges"></g>'
        '<g id="origin"></g><g id="key"></g>',
    )
    bar = (
        '<div class="bar"><div class="colors" id="colors" role="img"></div>'
        '<div class="ends"><span id="low"></span><span id="zero"></span><span id="high"></span>'
        "</div></div>"
    )
    return f"<figure>{left}</figure><figure>{right}{bar}</figure>"


def _panel(picture, name, label, drawing):
    """A drawing in pixels of the image, below its label."""
    rows, columns = picture.shape[:2]
    return (
        f'<figcaption>{label}</figcaption><div class="panel" id="{name}" tabindex="0" '
        f'role="application" aria-label="{label}" aria-describedby="told value">'
        f'<svg viewBox="-0.5 -0.5 {columns} {rows}">{drawing}</svg></div>'
    )

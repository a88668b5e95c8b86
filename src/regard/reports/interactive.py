"""Pages that move: one HTML file with its pictures, numbers, styles and script inside."""

import base64
import io
import json
from importlib import resources

import numpy as np
from matplotlib.colors import CenteredNorm
from PIL import Image

from regard.reports.page import page
from regard.reports.pictures import OPACITY, bar_ticks, colormap


def interactive_page(title, *parts, data, script):
    """Returns a page that a script brings to life, without a server or a network.

    Args:
        title: Title of the page, and its first heading.
        *parts: HTML of the parts below the heading.
        data: What the script reads, as JSON holds it.
        script: Name of the script beside this module.

    Returns:
        The page as a string.

    Example:
        >>> text = interactive_page("Maps", data={"labels": ["</script>"]}, script="slider.js")
        >>> text.count("</script>")
        2
    """
    values = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    scripts = (
        "<noscript><p>This page needs JavaScript to move.</p></noscript>\n"
        f'<script type="application/json" id="data">{values}</script>\n'
        f"<script>\n{_file(script)}</script>"
    )
    style = f"<style>\n{_file('interactive.css')}:root {{ --opacity: {OPACITY}; }}\n</style>\n"
    head, body = page(title, *parts, scripts).split("</head>", 1)
    return f"{head}{style}</head>{body}"


def palette(scale):
    """Returns the 256 colours of a scale, `(256, 3)`, uint8; entry 128 is a signed scale's zero.

    Example:
        >>> from regard.reports.pictures import shared_scale
        >>> palette(shared_scale([np.eye(2)])[0])[-1].tolist()
        [253, 231, 36]
    """
    return colormap(scale)(np.arange(256), bytes=True)[:, :3]


def is_signed(scale):
    """Tells whether a scale has its neutral colour at zero."""
    return isinstance(scale, CenteredNorm)


def png_address(pixels, colors=None):
    """Returns a picture as a `data:` address.

    Args:
        pixels: Array `(rows, columns, 3)`, or `(rows, columns)` of numbers of `colors`; uint8.
        colors: Array `(256, 3)`, uint8.

    Example:
        >>> png_address(np.zeros((1, 1, 3), np.uint8))[:27]
        'data:image/png;base64,iVBOR'
    """
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if colors is not None:
        picture.putpalette(colors.tobytes())
    file = io.BytesIO()
    picture.save(file, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def color_bar(scale, ends):
    """Returns a colour bar with its true ends, as HTML; one colour where all values are alike."""
    values = np.linspace(ends[0], ends[-1], 256)
    numbers = (np.asarray(scale(values)) * 256).clip(0, 255).astype(np.uint8)[None]
    texts = list(bar_ticks(ends).values())
    spans = "".join(f"<span>{text}</span>" for text in texts)
    return (
        f'<figure class="bar"><img alt="Colours of the values from {texts[0]} to {texts[-1]}" '
        f'src="{png_address(numbers, palette(scale))}"><figcaption>{spans}</figcaption></figure>'
    )


def _file(name):
    return resources.files("regard.reports").joinpath(name).read_text("utf-8")

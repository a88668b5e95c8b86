"""Charts as SVG inside a page: in the page's font and in the colours of its theme."""

import io
import re
from html import escape

import matplotlib

_INK = "#010203"
_THEME = {
    "svg.fonttype": "none",
    "svg.hashsalt": "regard",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "grid.color": _INK,
    **{
        f"{part}color": _INK
        for part in ("text.", "axes.edge", "axes.label", "xtick.", "ytick.", "hatch.")
    },
}


def inline(draw, name, description):
    """Draws a chart as an SVG element for an HTML page.

    Args:
        draw: Function without arguments that returns a `matplotlib.figure.Figure`.
        name: Prefix for the ids in the SVG, another one for each chart of a page.
        description: What the chart shows, for those who do not see it.

    Returns:
        The element as a string; the same for the same figure.

    Example:
        >>> from matplotlib.figure import Figure
        >>> inline(Figure, "empty", "nothing")[:38]
        '<svg role="img" aria-label="nothing" v'
    """
    file = io.StringIO()
    with matplotlib.rc_context(_THEME):
        draw().savefig(file, format="svg", metadata={"Date": None})
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", file.getvalue(), flags=re.DOTALL)
    text = text[text.index("<svg") :].strip()
    box = re.search(r'viewBox="[^"]*"', text)[0]
    label = escape(description)
    text = re.sub(r"<svg[^>]*>", f'<svg role="img" aria-label="{label}" {box}>', text, count=1)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    return text.replace(_INK, "currentColor")

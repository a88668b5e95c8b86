"""Pieces of an HTML page that needs nothing from elsewhere; all text in them is escaped."""

import base64
import io
from html import escape
from importlib import resources

import numpy as np
from PIL import Image

_SMALL = 64


def page(title, *parts):
    """Returns a whole HTML page.

    Args:
        title: Title of the page, and its first heading.
        *parts: HTML of the parts below the heading.

    Returns:
        The page as a string.

    Example:
        >>> page("A & B").count("A &amp; B")
        2
    """
    style = resources.files("regard.reports").joinpath("style.css").read_text("utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def section(title, *parts):
    r"""Returns a section with a heading.

    Args:
        title: The heading.
        *parts: HTML of what is below it.

    Example:
        >>> section("Facts", paragraph("None."))
        '<section>\n<h2>Facts</h2>\n<p>None.</p>\n</section>'
    """
    return "\n".join(["<section>", f"<h2>{escape(title)}</h2>", *parts, "</section>"])


def paragraph(text, kind=""):
    """Returns a paragraph, of a CSS class if one is named.

    Example:
        >>> paragraph("1 < 2", "notice")
        '<p class="notice">1 &lt; 2</p>'
    """
    mark = f' class="{kind}"' if kind else ""
    return f"<p{mark}>{escape(text)}</p>"


def table(head, rows, kind=""):
    """Returns a table that scrolls in a box of its own.

    Args:
        head: Titles of the columns; none for a table without a head.
        rows: For each row the text of its header cell and of its other cells; a cell is text, or
            `(text, share)` with a share in 0…1 that shades it, in the kind `"differences"` from
            -1 on.
        kind: CSS class of the table.

    Example:
        >>> "<td>0.9</td>" in table(["class", "recall"], [("boot", "0.9")])
        True
    """
    cells = "".join(f'<th scope="col"><span>{escape(title)}</span></th>' for title in head)
    top = f"<thead><tr>{cells}</tr></thead>\n" if head else ""
    body = "\n".join(_row(*row) for row in rows)
    return (
        f'<div class="scroll" tabindex="0"><table class="{kind}">\n{top}<tbody>\n{body}\n'
        "</tbody></table></div>"
    )


def bullets(items):
    """Returns a list of texts.

    Example:
        >>> bullets(["a < b"])
        '<ul><li>a &lt; b</li></ul>'
    """
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def code(text):
    """Returns text as it stands, for a computer to read.

    Example:
        >>> code("regard compare")
        '<pre class="scroll" tabindex="0"><code>regard compare</code></pre>'
    """
    return f'<pre class="scroll" tabindex="0"><code>{escape(text)}</code></pre>'


def picture(pixels, description):
    """Returns an image that holds its pixels in itself.

    Args:
        pixels: Array `(rows, columns, 3)`, uint8.
        description: What it shows, for those who do not see it.

    Example:
        >>> picture(np.zeros((2, 2, 3), np.uint8), "black")[:31]
        '<img class="pixels" alt="black"'
    """
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "png", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    kind = "pixels" if max(pixels.shape[:2]) <= _SMALL else "photo"
    return f'<img class="{kind}" alt="{escape(description)}" src="data:image/png;base64,{data}">'


def captioned(content, caption):
    """Returns content with a caption below it.

    Example:
        >>> captioned("<b>x</b>", "a & b")
        '<figure><b>x</b><figcaption>a &amp; b</figcaption></figure>'
    """
    return f"<figure>{content}<figcaption>{escape(caption)}</figcaption></figure>"


def gallery(figures, kind="pictures"):
    r"""Returns figures side by side, as many in a row as fit.

    Example:
        >>> gallery(["<hr>"], "charts")
        '<div class="charts">\n<hr>\n</div>'
    """
    return "\n".join([f'<div class="{kind}">', *figures, "</div>"])


def _row(header, *cells):
    return f'<tr><th scope="row">{escape(header)}</th>{"".join(map(_cell, cells))}</tr>'


def _cell(cell):
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    text, share = cell
    return f'<td style="--share:{share:.3f}">{escape(text)}</td>'

"""Maps over the epochs of training: as a moving picture, or as a page with a slider."""

from html import escape
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from regard.errors import DataError, UsageError
from regard.files import whole_file
from regard.reports.cells import bar_beside, new_cells, show_map
from regard.reports.interactive import color_bar, interactive_page, palette, png_address
from regard.reports.page import paragraph
from regard.reports.pictures import as_rgb, is_flat, overlay, shared_scale

SUFFIXES = (".gif", ".png", ".webp")
_SMALL = 64


def animate(images, frames, path, label="attention received", seconds=0.5):
    """Writes a moving picture of maps, whole or not at all.

    All frames share one colour bar, from the smallest value of all to the largest.

    Args:
        images: Images `(rows, columns)` or `(rows, columns, 3)`, uint8, at least one.
        frames: Pairs of a label, such as "epoch 1", and the maps `(batch, rows, columns)` of the
            images then, finite, at least one; such as `regard.maps.recording.RecordMaps.frames`.
        path: File to write: `.gif` (256 colours), or `.png` or `.webp` (all colours); a file
            already there is replaced.
        label: What the values of the maps are, beside the colour bar.
        seconds: How long each frame is shown; the last is shown four times as long.

    Raises:
        DataError: If there is no image or no frame, if they do not fit each other, or if a value
            is not finite.
        UsageError: If the file's suffix or `seconds` is not as described.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> frames = [("epoch 1", np.ones((1, 4, 4))), ("epoch 2", np.eye(4)[None])]
        >>> with TemporaryDirectory() as folder:
        ...     animate(np.zeros((1, 8, 8), np.uint8), frames, Path(folder, "a.gif"))
        ...     with Image.open(Path(folder, "a.gif")) as written:
        ...         written.n_frames
        2
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"The file must end in one of {', '.join(SUFFIXES)}, not {path.name}.")
    if not seconds > 0:
        raise UsageError(f"seconds must be more than 0, not {seconds!r}.")
    pictures = _draw(images, frames, label)
    if path.suffix.lower() == ".gif":
        pictures = _in_the_same_colors(pictures)
    lengths = [round(1000 * seconds)] * (len(pictures) - 1) + [round(4000 * seconds)]
    with whole_file(path) as temporary:
        pictures[0].save(
            temporary,
            save_all=True,
            append_images=pictures[1:],
            duration=lengths,
            loop=0,
            **({"lossless": True} if path.suffix.lower() == ".webp" else {}),
        )


def slider_page(images, frames, titles=None, title="Maps over the epochs", label="attention"):
    """Returns a page with the maps of one epoch at a time, and a slider to choose the epoch.

    The page is one file that loads nothing; write it with `regard.files.write_text`. Maps are
    kept as 256 steps between the ends of the colour scale.

    Args:
        images: As for `animate`.
        frames: As for `animate`.
        titles: A title for each image.
        title: Title of the page.
        label: What the values of the maps are.

    Returns:
        The page as a string.

    Raises:
        DataError: As for `animate`.

    Example:
        >>> frames = [("epoch 1", np.ones((1, 4, 4))), ("epoch 2", np.eye(4)[None])]
        >>> 'max="1"' in slider_page(np.zeros((1, 8, 8), np.uint8), frames)
        True
    """
    scale, ends = _check(images, frames)
    if titles is None:
        titles = [f"image {number}" for number in range(1, len(images) + 1)]
    colors = palette(scale)
    maps = [[png_address(_steps(m, scale), colors) for m in maps] for _, maps in frames]
    figures = [_stack(*each) for each in zip(images, titles, maps[0], strict=True)]
    return interactive_page(
        title,
        paragraph(f"Colour is {label}; it means the same at each epoch."),
        '<div class="controls"><button id="play" type="button">Play</button>'
        '<input class="slider" id="slider" type="range" aria-label="Epoch" value="0" min="0" '
        f'max="{len(frames) - 1}"><output id="label" for="slider"></output></div>',
        f'<div class="frames">{"".join(figures)}</div>',
        color_bar(scale, ends),
        data={
            "labels": [name for name, _ in frames],
            "maps": maps,
            "flat": [[is_flat(values) for values in maps] for _, maps in frames],
        },
        script="slider.js",
    )


def _check(images, frames):
    """Checks that images and frames fit each other; returns the scale that all share."""
    if not len(images) or not len(frames):
        raise DataError("There is no image or no frame to draw.")
    for name, maps in frames:
        if np.ndim(maps) != 3 or len(maps) != len(images):
            raise DataError(
                f"{name} must have maps (batch, rows, columns) of {len(images)} images, not of "
                f"shape {np.shape(maps)}."
            )
    return shared_scale([values for _, maps in frames for values in maps])


def _draw(images, frames, label):
    """Draws each frame; the figure is laid out once, so that nothing jumps."""
    scale, ends = _check(images, frames)
    figure, cells = new_cells(len(images), min(len(images), 6), images, bar_width=1, bar_height=0.3)
    flat_cells = np.ravel(cells)
    for cell, image, values in zip(flat_cells, images, frames[0][1], strict=False):
        show_map(cell, image, values, scale)
        cell.set_title("uniform", fontsize=9)
    bar_beside(figure, cells, scale, ends, label)
    heading = figure.suptitle(frames[0][0], fontsize=11, parse_math=False)
    figure.set_dpi(120)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    figure.set_layout_engine("none")
    pictures = []
    for name, maps in frames:
        heading.set_text(name)
        for cell, image, values in zip(flat_cells, images, maps, strict=False):
            cell.images[0].set_data(overlay(image, values, scale))
            cell.set_title("uniform" if is_flat(values) else "", fontsize=9)
        canvas.draw()
        pictures.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy()))
    return pictures


def _in_the_same_colors(pictures):
    """Reduces pictures to 256 colours in common, so that still parts do not flicker."""
    together = Image.fromarray(np.concatenate([np.asarray(each) for each in pictures]))
    few = together.quantize(256, Image.Quantize.MAXCOVERAGE)
    return [each.quantize(palette=few, dither=Image.Dither.NONE) for each in pictures]


def _steps(values, scale):
    return (np.asarray(scale(np.asarray(values, np.float64))) * 256).clip(0, 255).astype(np.uint8)


def _stack(image, title, first):
    picture = as_rgb(image)
    kind = "pixels" if max(picture.shape[:2]) <= _SMALL else "photo"
    return (
        f'<figure><div class="stack"><img class="under {kind}" alt="{escape(title)}" '
        f'src="{png_address(picture)}"><img class="over" alt="Map of {escape(title)}" '
        f'src="{first}"></div><figcaption>{escape(title)}<span class="note"></span></figcaption>'
        "</figure>"
    )

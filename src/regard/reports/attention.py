"""The section of the report that shows attention maps, as HTML."""

from regard.reports.interactive import color_bar
from regard.reports.page import captioned, gallery, paragraph, picture, section
from regard.reports.pictures import as_rgb, is_flat, overlay, shared_scale


def attention(images, maps, titles):
    """Attention maps beside their images, and what they mean."""
    heading = "Where the attention goes"
    if maps is None:
        return section(heading, paragraph("This network has no attention layer."))
    scale, ends = shared_scale(maps)
    pairs = [_pair(*each, scale) for each in zip(images, maps, titles, strict=True)]
    meaning = (
        "Colour is the mean attention weight that a pixel of the feature map receives from all "
        "pixels, without a unit: in one map the weights sum to 1, so that even attention over n "
        "pixels is 1/n everywhere. It shows where the attention layer gathers from; it does not "
        "show which pixels the class was decided by."
    )
    return section(heading, paragraph(meaning), gallery(pairs, "pairs"), color_bar(scale, ends))


def _pair(image, values, title, scale):
    caption = f"{title}, attention uniform" if is_flat(values) else title
    laid = picture(overlay(image, values, scale), f"Attention on: {caption}")
    return captioned(picture(as_rgb(image), title) + laid, caption)

"""The shape of the images that photos become."""

from collections.abc import Iterable

SIDE = 96  # pixels, where the photos differ in size or are larger than `OWN`
OWN = 64  # pixels; photos that are all of one size up to it keep it
_GREY = frozenset({"1", "L", "LA", "I;16"})


def shape_of(
    pictures: Iterable[tuple[int, int, str]], image_size: int | None = None
) -> tuple[int, int, int]:
    """Returns rows, columns and channels of the images: one channel if all photos are grey.

    Args:
        pictures: Rows, columns and Pillow's mode of each photo; no more of them are looked at than
            are needed to tell.
        image_size: Rows and columns of the images; by default the photos' own size if it is the
            same for all and at most 64 x 64, else 96 x 96.

    Example:
        >>> shape_of([(28, 28, "L"), (28, 28, "L")]), shape_of([(28, 28, "L"), (480, 640, "RGB")])
        ((28, 28, 1), (96, 96, 3))
    """
    default = (SIDE, SIDE)
    size = (image_size, image_size) if image_size else None
    channels = 1
    for rows, columns, mode in pictures:
        channels = channels if mode in _GREY else 3
        if not image_size:
            is_kept = size in (None, (rows, columns)) and max(rows, columns) <= OWN
            size = (rows, columns) if is_kept else default
        if channels == 3 and (image_size or size == default):
            break
    return *(size or default), channels

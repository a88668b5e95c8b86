"""The image that stands for the absence of what an image shows."""

import numpy as np

from regard.errors import UsageError


def as_baseline(baseline, images):
    """Returns the baseline of each image.

    Args:
        baseline: A number, an image, or one image for each of the images.
        images: `(batch, ...)`.

    Returns:
        Array of the shape of `images`, without memory of its own.

    Raises:
        UsageError: If it is not finite, or its shape does not fit.
    """
    baseline = np.asarray(baseline, "float32")
    if not np.isfinite(baseline).all():
        raise UsageError("baseline holds values that are not finite. Replace NaN and infinity.")
    if baseline.shape not in ((), images.shape[1:], images.shape):
        raise UsageError(
            f"baseline must be a number or an image of shape {images.shape[1:]}, but has shape "
            f"{baseline.shape}."
        )
    return np.broadcast_to(baseline, images.shape)

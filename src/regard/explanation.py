"""Explains a network by its attention or by an attribution method, under one name each."""

from functools import partial

from regard.attribution.registry import METHODS, method_function
from regard.errors import DataError, UsageError, nearest

ATTENTION = "attention"
NAMES = (ATTENTION, *METHODS)


def explainer(method, layer=None, projection=None, query=None):
    """Returns a function that makes maps by a method, as `regard.faithfulness` takes it.

    Args:
        method: `"attention"`, or a name of `regard.attribution.METHODS`.
        layer: Path of the attention layer, or for class-activation maps of the layer whose
            feature map is taken; None for the method's own choice.
        projection: Of the attention, see `regard.AttentionMaps.to_images`.
        query: Of the attention.

    Returns:
        Function `(model, images, classes) -> (batch, rows, columns)`.

    Raises:
        UsageError: If no method has that name, or if it does not take what is given.

    Example:
        >>> import numpy as np
        >>> from regard import models
        >>> explainer("grad_cam")(models.tutorial(), np.ones((2, 28, 28)), classes=None).shape
        (2, 28, 28)
    """
    if method not in NAMES:
        raise UsageError(f"No method is called {method!r}. {nearest(method, NAMES)}")
    if method == ATTENTION:
        return partial(_attention, layer=layer, projection=projection, query=query)
    if projection is not None or query is not None:
        raise UsageError(f"projection and query are for attention alone, not for {method}.")
    takes_layer = METHODS[method].needs == "feature map"
    if layer is not None and not takes_layer:
        raise UsageError(f"{method} has no layer to choose; leave layer={layer!r} out.")
    return partial(_attribution, method=method, options={"layer": layer} if takes_layer else {})


def _attention(model, images, classes, layer, projection, query):
    from regard.maps import attention_maps

    return attention_maps(model, images, layer).to_images(projection, query)


def _attribution(model, images, classes, method, options):
    return method_function(method)(model, images, classes, **options)


def default_method(model, images):
    """Returns `"attention"` if the model has attention that can be drawn, else `"grad_cam"`."""
    from regard.maps import attention_maps

    try:
        maps = attention_maps(model, images[:1])
    except DataError:
        return "grad_cam"
    return ATTENTION if maps[maps.default].is_drawable else "grad_cam"

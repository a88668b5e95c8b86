"""Explains a network by its attention or by an attribution method, under one name each."""

from regard.attribution import METHODS, method_function
from regard.errors import UsageError, nearest

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
        >>> explainer("grad_cam")(models.tutorial(), np.ones((2, 28, 28)), None).shape
        (2, 28, 28)
    """
    if method not in NAMES:
        raise UsageError(f"No method is called {method!r}. {nearest(method, NAMES)}")
    if method == ATTENTION:
        from regard.maps import attention_maps

        return lambda model, images, classes: attention_maps(model, images, layer).to_images(
            projection, query
        )
    if projection is not None or query is not None:
        raise UsageError(f"projection and query are for attention alone, not for {method}.")
    takes_layer = METHODS[method].needs == "feature map"
    arguments = {"layer": layer} if layer is not None and takes_layer else {}
    if layer is not None and not takes_layer:
        raise UsageError(f"{method} has no layer to choose; leave layer={layer!r} out.")
    function = method_function(method)
    return lambda model, images, classes: function(model, images, classes, **arguments)


def default_method(model, images):
    """Returns `"attention"` if the model has attention that can be drawn, else `"grad_cam"`."""
    from regard.errors import DataError
    from regard.maps import attention_maps

    try:
        maps = attention_maps(model, images[:1])
    except DataError:
        return "grad_cam"
    return ATTENTION if maps[maps.default].is_drawable else "grad_cam"

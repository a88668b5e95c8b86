"""All attribution methods in one call."""

from regard.attribution.registry import METHODS, check_method, method_function
from regard.attribution.task import prepare


def attributions(model, images, methods=None, classes=None, batch_size=32, seed=0):
    """Explains a network's score of a class for each image, by several methods.

    Args:
        model: A Keras classifier with one image input.
        images: What the model takes; the batch axis may be left out.
        methods: Names of `METHODS`; by default all for which the model has what they need, such
            as attention over pixels.
        classes: None for the class predicted, a class for all images, or one for each.
        batch_size: Images at a time, at least 1.
        seed: Integer of at least 0, for the methods that draw at random.

    Returns:
        Maps `(batch, rows, columns)`, float32, by the method's name; each function's docstring
        tells the range and what a value means.

    Raises:
        DataError: If the images do not fit the model, if it gives no row of classes, or if it
            lacks what a method that was asked for needs.
        UsageError: If a method is not known, a class out of range, or batch_size below 1.

    Example:
        >>> import numpy as np
        >>> from regard import models
        >>> network = models.tutorial(attention=None)
        >>> list(attributions(network, np.ones((2, 28, 28)), ["gradient", "grad_cam"], classes=3))
        ['gradient', 'grad_cam']
    """
    for name in methods or ():
        check_method(name)
    task = prepare(model, images, classes, batch_size)
    chosen = that_apply(task.network) if methods is None else methods
    classes = task.one_hot.argmax(-1)
    return {name: _run(name, seed, model, task.images, classes, batch_size) for name in chosen}


def that_apply(network):
    """Returns the names of the methods for which a network has what they need, in order."""
    has = {
        "image": True,
        "feature map": any(call.place is not None for call in network.calls),
        "attention": bool(network.attending),
    }
    return [name for name, method in METHODS.items() if has[method.needs]]


def _run(name, seed, model, images, classes, batch_size):
    arguments = {"seed": seed} if METHODS[name].is_random else {}
    return method_function(name)(model, images, classes, batch_size, **arguments)

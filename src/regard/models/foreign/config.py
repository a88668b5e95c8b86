"""Checks the configuration of a foreign model before Keras sees it."""

import math

from regard.errors import DataError
from regard.models.foreign.known import FUNCTIONS, MODELS, OF_MODULE, OF_REGARD, PLAIN

MAX_VALUES = 1_000_000
MAX_DEPTH = 64
MAX_TEXT = 1000
MAX_SIZE = 1 << 24
MAX_ELEMENTS = 1 << 28
_ANY_NUMBER = {"seed", "shared_object_id"}
_CODE = {"Lambda": "a Lambda layer, which is code", "__lambda__": "a function as code"}


def checked_config(config, source):
    """Returns the configuration of a model without what trains it, if nothing in it can do harm.

    Args:
        config: What `config.json` of a `.keras` file holds.
        source: The file's name, for messages.

    Returns:
        A new dictionary, without the optimizer, losses and metrics.

    Raises:
        DataError: If it names a layer, function or module beyond those of `known.py`, if a number
            is over 2^24 or a shape over 2^28 elements, or if it is too long or too deep.

    Example:
        >>> layer = {"module": "keras.layers", "class_name": "Lambda", "config": {}}
        >>> checked_config({**layer, "class_name": "Sequential", "module": "keras",
        ...     "config": {"layers": [layer]}}, "a.keras")
        Traceback (most recent call last):
        regard.errors.DataError: a.keras holds a Lambda layer, which is code, and is refused.
    """
    config = {name: value for name, value in config.items() if name != "compile_config"}
    try:
        kind = str(config.get("class_name"))
        if kind not in MODELS:
            raise ValueError(f"is a {kind[:40]!r}, not a model of Keras")
        _Walk().value(config, "", 0)
    except ValueError as error:
        raise DataError(f"{source} {error}, and is refused.") from None
    return config


class _Walk:
    def __init__(self):
        self._left = MAX_VALUES

    def value(self, value, name, depth):
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"has more than {MAX_VALUES:,} values in its configuration")
        if depth > MAX_DEPTH:
            raise ValueError("is nested too deeply")
        if isinstance(value, dict):
            self._object(value, depth)
        elif isinstance(value, list):
            _check_product(value)
            for inner in value:
                self.value(inner, name, depth + 1)
        else:
            _check_plain(value, name)

    def _object(self, value, depth):
        if "class_name" in value:
            _check_named(value)
        elif "registered_name" in value or "module" in value:
            raise ValueError("names a module without a class")
        for name, inner in value.items():
            if len(name) > MAX_TEXT:
                raise ValueError("has a name of more than 1,000 letters")
            self.value(inner, name, depth + 1)


def _check_plain(value, name):
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise ValueError(f"has a text of {len(value):,} letters in {name[:40]!r}")
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if not abs(value) <= (MAX_SIZE if name not in _ANY_NUMBER else 1 << 63):
        raise ValueError(f"has {name[:40]!r} out of bounds: {str(value)[:40]}")


def _check_product(values):
    if not all(value is None or type(value) is int for value in values):
        return
    if math.prod(max(abs(size or 1), 1) for size in values[:32]) > MAX_ELEMENTS:
        raise ValueError(f"has a shape out of bounds: {str(values)[:60]}")


def _check_named(value):
    """Checks an object that Keras would look up by its module, class and registered name."""
    name, module = value["class_name"], value.get("module")
    registered = value.get("registered_name")
    if (
        not isinstance(name, str)
        or not isinstance(module, str | None)
        or not isinstance(value.get("config", {}), dict | str | None)
    ):
        raise ValueError("names a class by what is no text")
    if name in _CODE:
        raise ValueError(f"holds {_CODE[name]}")
    if name in PLAIN:
        _check_tensor_like(value, name)
    elif name == "function":
        _check_function(value, module, registered)
    elif (module, name) in OF_REGARD:
        if registered not in (f"regard>{name}", None):
            raise ValueError(f"names {str(registered)[:40]!r} as {name!r}")
    elif not isinstance(module, str) or name not in OF_MODULE.get(module, ()):
        raise ValueError(
            f"needs {name[:40]!r} of {str(module)[:60]!r}, which is not among the layers of Keras "
            "and regard that are known to be harmless"
        )
    elif registered not in (name, None):
        raise ValueError(f"names {str(registered)[:40]!r} as {name!r}")


def _check_tensor_like(value, name):
    inner = value.get("config", {})
    if set(value) - {"class_name", "config"} or not isinstance(inner, dict):
        raise ValueError(f"has a {name} of another form")
    if set(inner) - PLAIN[name]:
        raise ValueError(f"has a {name} of another form")


def _check_function(value, module, registered):
    called = value.get("config")
    known = isinstance(called, str) and called in FUNCTIONS
    if not known or module not in ("builtins", "keras.activations"):
        raise ValueError(f"needs the function {str(called)[:40]!r} of {str(module)[:40]!r}")
    if registered not in (called, "function", None):
        raise ValueError(f"names {str(registered)[:40]!r} as {called!r}")

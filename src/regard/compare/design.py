"""Attention as a user names it: a layer and its arguments."""

import ast
import inspect
from dataclasses import dataclass, field

from regard.errors import UsageError
from regard.layers.registry import layer_class


@dataclass(frozen=True)
class Design:
    """An attention layer with arguments, or none.

    Attributes:
        name: As the user wrote it.
        layer: Name of a registered layer; None for no attention.
        arguments: Of the layer.
    """

    name: str
    layer: str | None
    arguments: dict = field(default_factory=dict)

    @property
    def key(self):
        """What two designs that are the same have in common; None for no attention."""
        if self.layer is None:
            return None
        return (self.layer, *sorted((name, repr(v)) for name, v in self.arguments.items()))


def parse_design(text: str) -> Design:
    """Reads a design such as `"pixel:units=32,use_scale=True"`.

    Args:
        text: `"none"`, or the name of a layer and, after a colon, its arguments: numbers, True,
            False, None, and words.

    Raises:
        UsageError: If there is no such layer or argument, or a part is no `name=value`.

    Example:
        >>> parse_design("pixel:units=32").arguments
        {'units': 32}
        >>> parse_design("none").layer is None
        True
    """
    name, _, rest = text.partition(":")
    if name == "none":
        if rest:
            raise UsageError(f"The design none takes no arguments, but got {text!r}.")
        return Design("none", None)
    known = _arguments_of(layer_class(name))
    arguments = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise UsageError(f"{part!r} in the design {text!r} is no name=value.")
        if key not in known:
            raise UsageError(f"{name} has no argument {key!r}. It has: {', '.join(sorted(known))}.")
        arguments[key] = _value(value)
    return Design(text, name, arguments)


def _arguments_of(cls):
    """Names of the arguments of a class and of those that it is derived from in regard."""
    names = set()
    for one in cls.__mro__:
        if one.__module__.startswith("regard."):
            names |= set(inspect.signature(one.__init__).parameters)
    return names - {"self", "kwargs", "args"}


def _value(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text

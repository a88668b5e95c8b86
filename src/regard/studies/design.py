"""Attention as a user names it: a layer and its arguments."""

import ast
from dataclasses import dataclass, field

from regard.errors import UsageError, nearest
from regard.layers.registry import LAYERS


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
        UsageError: If there is no such layer, or a part is no `name=value`. Whether the layer has
            the arguments is seen when it is built.

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
    if name not in LAYERS:
        raise UsageError(f"No attention layer is called {name!r}. {nearest(name, LAYERS)}")
    arguments = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise UsageError(f"{part!r} in the design {text!r} is no name=value.")
        arguments[key] = _value(value)
    return Design(text, name, arguments)


def _value(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text

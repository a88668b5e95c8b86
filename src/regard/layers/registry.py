"""The table of attention layers, as strings, so that they are listed without loading Keras."""

import importlib
from dataclasses import dataclass
from typing import Any

from regard.errors import UsageError, nearest


@dataclass(frozen=True)
class Entry:
    """One attention layer.

    Attributes:
        target: `"module:class"`.
        example: A second, non-default value for each argument, for the contract tests.
    """

    target: str
    example: dict[str, Any]


LAYERS = {
    "pixel": Entry(
        "regard.layers.attention:Attention",
        {
            "units": 4,
            "return_attention": True,
            "data_format": "channels_first",
            "use_scale": True,
            "dropout": 0.1,
            "seed": 3,
        },
    ),
}


def layer_class(name: str) -> type:
    """Returns the class of a registered attention layer.

    Args:
        name: A name of the table.

    Raises:
        UsageError: If no layer has that name; the nearest names are given.
    """
    if name not in LAYERS:
        raise UsageError(f"No attention layer is called {name!r}. {nearest(name, LAYERS)}")
    module, attribute = LAYERS[name].target.split(":")
    return getattr(importlib.import_module(module), attribute)

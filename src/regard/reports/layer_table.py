"""The table of attention layers: what each is, what it costs, what proves it."""

import re
from dataclasses import dataclass

from regard.layers.registry import LAYERS, layer_class, make_layer
from regard.models.cost import count_multiply_adds

SHAPE = (56, 56, 64)


@dataclass(frozen=True)
class LayerRow:
    """One registered attention layer.

    Attributes:
        name: Its registered name.
        class_name: Its class in `regard.layers`.
        paper: arXiv id, or the conference.
        kind: `"gate"` or `"distribution"`, by map where there are several.
        axes: Names of the attention's axes, by map where there are several.
        ranks: Ranks of the feature maps that it takes.
        parameters: Number of its weights on a map of `SHAPE`.
        multiply_adds: Of one image of `SHAPE`.
        reference: The public code whose numbers it equals, or its paper's formula.
    """

    name: str
    class_name: str
    paper: str
    kind: str
    axes: str
    ranks: tuple[int, ...]
    parameters: int
    multiply_adds: int
    reference: str


def layer_rows(names=None):
    """Returns a `LayerRow` for each name.

    Args:
        names: Registered names; all by default.

    Raises:
        UsageError: If a name is not registered.

    Example:
        >>> layer_rows(["squeeze_excitation"])[0].parameters
        580
    """
    return [_row(name) for name in names or LAYERS]


def _row(name):
    cls, layer = layer_class(name), _built(name)
    return LayerRow(
        name=name,
        class_name=cls.__name__,
        paper=_paper(cls.__doc__),
        kind=_by_map(layer.attention_kind, str),
        axes=_by_map(layer.attention_axes, ", ".join),
        ranks=tuple(getattr(cls, "ranks", (4,))),
        parameters=layer.count_params(),
        multiply_adds=count_multiply_adds(layer, SHAPE),
        reference=LAYERS[name].reference,
    )


def _built(name):
    """The layer with its defaults, or the example's arguments where those do not fit `SHAPE`."""
    try:
        layer = make_layer(name, data_format="channels_last")
        layer.build((None, *SHAPE))
    except ValueError:
        layer = make_layer(name, **(LAYERS[name].example | {"data_format": "channels_last"}))
        layer.build((None, *SHAPE))
    return layer


def _paper(doc):
    found = re.search(r"arXiv:\s*(\d{4}\.\d{4,5})|((?:ICML|CVPR) \d{4})", " ".join(doc.split()))
    return (found.group(1) or found.group(2)) if found else ""


def _by_map(value, write):
    if not isinstance(value, dict):
        return write(value)
    return "; ".join(f"{name}: {write(part)}" for name, part in value.items())

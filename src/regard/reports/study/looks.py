"""How a study's charts draw an arm: the same colour and mark in each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """How one role is drawn; the colours are legible on white and on black.

    Attributes:
        name: What the role is called where room is short.
        color: Its colour.
        mark: Its mark, so that colours are not needed to tell arms apart.
    """

    name: str
    color: str
    mark: str


LOOKS = {
    "none": Look("none", "#8b919b", "o"),
    "design": Look("attention", "#4c8dd6", "D"),
    "frozen": Look("frozen", "#a178d8", "v"),
    "equal parameters": Look("equal\nparameters", "#e07b39", "s"),
    "equal time": Look("equal\ntime", "#3f9e6d", "^"),
    "shuffled": Look("shuffled", "#d1608b", "X"),
}
OPEN = "#8b919b"
_DECIDED = {"helps": "#4c8dd6", "hurts": "#e07b39"}


def verdict_color(verdict):
    """The colour of a difference: one that helps, one that hurts, or any other.

    Example:
        >>> verdict_color("cannot tell yet (needs about 12 seeds)") == OPEN
        True
    """
    return _DECIDED.get(verdict, OPEN)


def calm(axes):
    """Takes the frame off two sides of the axes and draws a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.2)
    axes.set_axisbelow(True)

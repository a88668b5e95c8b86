"""What folding did, and why not more."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Folded:
    """Layers that became one.

    Attributes:
        paths: Of the layers, in their order.
        into: What they became, such as `"one 5x5 convolution"`.
        before: Their multiply-adds for an image.
        after: Those of what they became, its composing shared by the batch included.
    """

    paths: tuple
    into: str
    before: int
    after: int

    def __str__(self):
        work = f"{self.after:,} instead of {self.before:,} multiply-adds an image"
        return f"folded {' + '.join(self.paths)} into {self.into}: {work}"


@dataclass(frozen=True)
class Kept:
    """Two layers in a row that stay apart.

    Attributes:
        paths: Of the two.
        reason: Why.
    """

    paths: tuple
    reason: str

    def __str__(self):
        return f"kept {' | '.join(self.paths)}: {self.reason}"


@dataclass(frozen=True)
class Report:
    """What folding did to a model, in words by `str`.

    Attributes:
        folded: Layers that became one, a list of `Folded`.
        kept: Linear layers in a row that did not, a list of `Kept`.
    """

    folded: list
    kept: list

    def __str__(self):
        lines = [str(one) for one in (*self.folded, *self.kept)]
        return "\n".join(lines) or "nothing to fold: no two linear layers follow each other"

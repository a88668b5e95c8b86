"""What the faithfulness of maps came to: scores, table, verdict."""

from dataclasses import dataclass

import numpy as np

from regard.maps.faithfulness.measures import MEASURES

NOT_CHECKED = (
    "not checked (the maps are an array; give a function maps(model, images, classes) instead)"
)


@dataclass(frozen=True)
class Row:
    """One line of the table: a measure of the map or of a control, as a mean over images.

    Attributes:
        measure: Name of the measure.
        kind: `"map"`, `"uniform"`, `"centre"`, `"edges"` or `"randomised"`.
        mean: Mean over images, with its interval `low`…`high`.
        low: See `mean`.
        high: See `mean`.
        difference: `(mean, low, high)` of the map's score minus this control's, paired by image;
            None for the map itself.
    """

    measure: str
    kind: str
    mean: float
    low: float
    high: float
    difference: tuple[float, float, float] | None


@dataclass(frozen=True)
class Faithfulness:
    """How far maps follow a model, beside four controls.

    Attributes:
        verdict: `"follows the model"`, `"no better than edges"` (or `uniform`, or `centre`),
            `"does not depend on the weights"` or `"too few images to tell"`; the rule is that of
            `regard.maps.faithfulness.verdict.decide`.
        reason: One sentence with the figures that decided.
        scores: Scores by measure and by `map` or control, each an array `(images,)`.
        table: The means with their intervals, a `Row` for each.
        advantages: `(mean, low, high)` of the map's advantage over each control, in standard
            deviations, on which the verdict is based.
        left_out: Why a measure was left out, by its name.
        randomised_network: What was found about the randomised network, in words.
        classes: Class that was explained for each image, shape `(images,)`.
        confidence: Coverage of all intervals.
    """

    verdict: str
    reason: str
    scores: dict[str, dict[str, np.ndarray]]
    table: tuple[Row, ...]
    advantages: dict[str, tuple[float, float, float]]
    left_out: dict[str, str]
    randomised_network: str
    classes: np.ndarray
    confidence: float

    def to_dict(self):
        """Returns everything as plain JSON types."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "images": len(self.classes),
            "confidence": self.confidence,
            "randomised_network": self.randomised_network,
            "left_out": self.left_out,
            "advantages": {control: list(three) for control, three in self.advantages.items()},
            "table": [_plain(row) for row in self.table],
            "scores": {
                measure: {kind: values.tolist() for kind, values in kinds.items()}
                for measure, kinds in self.scores.items()
            },
            "classes": self.classes.tolist(),
        }

    def __str__(self):
        kinds = list(dict.fromkeys(row.kind for row in self.table))
        cells = {(row.measure, row.kind): _cell(row) for row in self.table}
        head = ["", "better", *kinds]
        lines = [
            [name, "high" if MEASURES[name].higher_is_better else "low"]
            + [cells[name, kind] for kind in kinds]
            for name in self.scores
        ]
        lines.append(["advantage", ""] + [_advantage(self.advantages.get(k)) for k in kinds])
        percent = f"{100 * self.confidence:g} %"
        text = [
            f"Verdict: {self.verdict}. {self.reason}",
            f"Randomised network: {self.randomised_network}.",
            *[f"Left out: {name}, because {why}." for name, why in self.left_out.items()],
            f"Means over {len(self.classes)} images [{percent} interval]; * where the paired "
            "difference to the map is clear of 0.",
        ]
        return "\n".join([*text, *_aligned([head, *lines])])


def _plain(row):
    values = vars(row).copy()
    return values | {"difference": list(row.difference) if row.difference else None}


def _cell(row):
    clear = row.difference and (row.difference[1] > 0 or row.difference[2] < 0)
    return f"{row.mean:.3g} [{row.low:.3g}, {row.high:.3g}]{'*' if clear else ''}"


def _advantage(three):
    return "" if three is None else "{:.2f} [{:.2f}, {:.2f}]".format(*three)


def _aligned(lines):
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]

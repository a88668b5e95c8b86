"""The verdict in words, decided from intervals."""

import numpy as np

from regard.maps.faithfulness.intervals import mean_intervals
from regard.maps.faithfulness.measures import JUDGING, MEASURES

FOLLOWS = "follows the model"
NO_BETTER = "no better than {}"
IGNORES_WEIGHTS = "does not depend on the weights"
TOO_FEW = "too few images to tell"

FEWEST_IMAGES = 10
SMALL_EFFECT = 0.2
SAME_MAP = 0.95


def decide(scores, correlation, confidence=0.95, seed=0):
    """Decides whether a map follows the model.

    For each control, the map's *advantage* is taken: for each image, the difference of the map's
    and the control's score, turned so that positive is better, divided by the standard deviation
    of that measure over all images, the map and the controls, and averaged over the measures that
    ask the model about the map: insertion, deletion, ROAD, sensitivity-n and infidelity, as far
    as they were asked for. (Max-sensitivity is not among them, since a flat map is the most
    stable, nor are the measures against masks, which ask a person.) The mean over images has a
    bootstrap interval low…high. A control is

    - *matched* if high < 0.2: an advantage of less than a small effect (Cohen's d) is none;
    - *beaten* if low > 0, and it is not matched;
    - *open* otherwise.

    The verdict is the first of these that holds:

    1. fewer than 10 images: `too few images to tell`;
    2. the method on a randomised network is matched, or the low end of the mean rank correlation
       of both networks' maps is at least 0.95: `does not depend on the weights`;
    3. uniform, centre or edges is matched: `no better than edges`, `… uniform` or `… centre`,
       which names the matched one over which the mean advantage is nearest to 0;
    4. a control is open: `too few images to tell`;
    5. all controls are beaten: `follows the model`.

    A flat map never follows the model: it scores exactly as the uniform control does. Where the
    maps cannot be made anew for a randomised network, that control is left out of all steps.

    Args:
        scores: Scores by measure, each a dict by `map` and control of arrays `(images,)`.
        correlation: Rank correlations of `parameter_randomisation`, `(images,)`, or None where
            it was not checked.
        confidence: Coverage of the intervals, between 0 and 1.
        seed: Of the bootstrap.

    Returns:
        `(verdict, reason, advantages)`: the reason in one sentence with the figures, and
        `(mean, low, high)` of the advantage by control.
    """
    found = advantages(scores, confidence, seed)
    images = len(next(iter(scores.values()))["map"])
    rank = None if correlation is None else mean_intervals(correlation[None], confidence, seed)[0]
    verdict, control = _first_that_holds(found, rank, images)
    return verdict, _reason(verdict, control, found, rank, images), found


def advantages(scores, confidence=0.95, seed=0):
    """Returns the map's advantage over each control, as `decide` defines it.

    Returns:
        `{control: (mean, low, high)}` in standard deviations.
    """
    names = [name for name in JUDGING if name in scores]
    controls = [kind for kind in scores[names[0]] if kind != "map"]
    rows = [
        np.mean([_standardised(scores[name], control, name) for name in names], axis=0)
        for control in controls
    ]
    intervals = mean_intervals(np.array(rows), confidence, seed)
    return {c: tuple(map(float, row)) for c, row in zip(controls, intervals, strict=True)}


def _standardised(scores, control, name):
    sign = 1 if MEASURES[name].higher_is_better else -1
    spread = np.std(list(scores.values()))
    return sign * (scores["map"] - scores[control]) / (spread if spread > 0 else 1)


def _first_that_holds(found, rank, images):
    """Returns the verdict and the control that decides it, if one does."""
    matched = [control for control, (_, _, high) in found.items() if high < SMALL_EFFECT]
    unclear = [control for control, (_, low, _) in found.items() if low <= 0]
    if images < FEWEST_IMAGES:
        return TOO_FEW, None
    if "randomised" in matched or (rank is not None and rank[1] >= SAME_MAP):
        return IGNORES_WEIGHTS, "randomised"
    if matched:
        control = min(matched, key=lambda name: abs(found[name][0]))
        return NO_BETTER.format(control), control
    if unclear:
        return TOO_FEW, unclear[0]
    return FOLLOWS, min(found, key=lambda name: found[name][0])


def _reason(verdict, control, found, rank, images):
    if control is None:
        return f"There are {images} images; a verdict needs at least {FEWEST_IMAGES}."
    mean, low, high = found[control]
    of = {"randomised": "the same method on a randomised network"}.get(control, control)
    figures = f"{mean:.2f} standard deviations [{low:.2f}, {high:.2f}] over {images} images"
    if verdict == IGNORES_WEIGHTS:
        figures += f", and the rank correlation with its maps is {rank[0]:.2f}"
        figures += f" [{rank[1]:.2f}, {rank[2]:.2f}]"
    start = "The smallest advantage is" if verdict == FOLLOWS else "The map's advantage is"
    return f"{start} that over {of}: {figures}."

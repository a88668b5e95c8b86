"""Whether maps follow a model: all measures, beside controls, and a verdict."""

from functools import partial

import numpy as np

from regard.errors import DataError, UsageError
from regard.maps.faithfulness import methods
from regard.maps.faithfulness.checks import check_maps, check_masks, prepare
from regard.maps.faithfulness.intervals import mean_intervals
from regard.maps.faithfulness.max_sensitivity import max_sensitivity
from regard.maps.faithfulness.measures import MEASURES, choose
from regard.maps.faithfulness.randomisation import randomised, rank_correlation
from regard.maps.faithfulness.result import NOT_CHECKED, Faithfulness, Row
from regard.maps.faithfulness.verdict import decide

CONTROLS = {"uniform": methods.uniform, "centre": methods.centre, "edges": methods.edges}
_WHY_LEFT_OUT = {
    "method": "the maps are an array and cannot be made anew",
    "masks": "no masks were given",
}


def faithfulness(
    model,
    maps,
    images,
    *,
    classes=None,
    masks=None,
    measures=None,
    batch_size=256,
    seed=0,
    confidence=0.95,
):
    """Measures whether maps show what a network's decision depends on.

    Each measure is taken of the maps and of four controls: a uniform map, a Gaussian at the
    centre, the image's edges, and the same method on a network with randomised weights. All scores
    use the probability of the class, as the measures' papers do. With their defaults the measures
    ask the network for about 230 changed forms of each image.

    Args:
        model: A Keras model that gives class probabilities `(batch, classes)`.
        maps: Relevance `(batch, rows, columns)`, higher is more relevant; an `AttentionMaps`; or a
            function `maps(model, images, classes)` that gives either. Only a function lets maps
            be made for a randomised network and for changed images; with an array
            `max_sensitivity`, `parameter_randomisation` and the control on a randomised network
            are left out, and the result says so.
        images: What the model takes, at least 2; the channel axis may be left out for grey images.
        classes: Class of each image or one for all; None takes the predicted ones.
        masks: Booleans `(batch, rows, columns)`, True on the object, for `pointing_game` and
            `energy`.
        measures: Names of measures, see `MEASURES`; None takes all that can be computed.
        batch_size: Images that the network gets at a time.
        seed: Of all that is random.
        confidence: Coverage of the intervals, between 0 and 1.

    Returns:
        A `Faithfulness`; `print` it for the table.

    Raises:
        DataError: If images, maps, masks or classes are not as described.
        UsageError: If another argument is not, or if the model cannot be copied to randomise it.

    Example:
        >>> from regard import models
        >>> images = np.random.default_rng(0).random((3, 8, 8, 1))
        >>> model = models.tutorial((8, 8, 1), classes=2)
        >>> found = faithfulness(model, images[..., 0], images, measures=["deletion"])
        >>> found.verdict, found.randomised_network[:11], found.scores["deletion"]["map"].shape
        ('too few images to tell', 'not checked', (3,))
    """
    names = choose(measures)
    if not 0 < confidence < 1:
        raise UsageError(f"confidence must lie between 0 and 1, not {confidence!r}.")
    images, classes, axis = prepare(model, images, classes, batch_size)
    if len(images) < 2:
        raise DataError("Intervals need at least 2 images, but there is one.")
    method = maps if callable(maps) else None
    able = {"maps"} | ({"method"} if method else set()) | (set() if masks is None else {"masks"})
    left_out = {n: _WHY_LEFT_OUT[MEASURES[n].needs] for n in names if MEASURES[n].needs not in able}
    if method is None:
        given = check_maps(maps, images, axis)
        networks, kinds = (), {"map": given.reshape(given.shape[-3:])}
    else:
        networks = [randomised(model, images.shape[1:], seed + n) for n in (0, 1)]
        kinds = {"map": methods.run(method, model, images, classes)}
    if masks is not None:
        masks = check_masks(masks, kinds["map"].shape)
    kinds |= {name: methods.run(f, model, images, classes) for name, f in CONTROLS.items()}
    if method:
        kinds["randomised"] = methods.run(method, networks[0], images, classes)
    stacked = np.stack(list(kinds.values()))
    asked = {"images": images, "classes": classes, "seed": seed, "batch_size": batch_size}

    def score(name):
        """The scores of one measure, `(kinds, images)`."""
        if name == "max_sensitivity":
            return _stability(model, method, networks[0], asked)
        if name == "parameter_randomisation":
            again = methods.run(method, networks[1], images, classes)
            return _dependence(kinds, again)
        if MEASURES[name].needs == "masks":
            return MEASURES[name].function(stacked, masks)
        return MEASURES[name].function(model, stacked, **asked)

    scores = {
        name: dict(zip(kinds, score(name), strict=True)) for name in names if name not in left_out
    }
    correlation = rank_correlation(kinds["map"], kinds["randomised"]) if method else None
    verdict, reason, advantages = decide(scores, correlation, confidence, seed)
    return Faithfulness(
        verdict,
        reason,
        scores,
        tuple(row for name in scores for row in _rows(name, scores[name], confidence, seed)),
        advantages,
        left_out,
        _about_weights(correlation, confidence, seed),
        classes,
        confidence,
    )


def _stability(model, method, network, asked):
    """Max-sensitivity of the method, of the controls, and of it on the randomised network."""
    measure = partial(max_sensitivity, **asked)
    known = [measure(model, one) for one in (method, *CONTROLS.values())]
    return [*known, measure(network, method)]


def _dependence(kinds, again):
    """Rank correlation of the maps with those of a randomised network.

    A control does not know the network, so it correlates with itself; the maps of the randomised
    network do with those of another randomised one.
    """
    others = kinds | {"map": kinds["randomised"], "randomised": again}
    return [rank_correlation(kinds[kind], others[kind]) for kind in kinds]


def _rows(name, scores, confidence, seed):
    values = np.stack(list(scores.values()))
    means = mean_intervals(values, confidence, seed)
    differences = mean_intervals(values[:1] - values, confidence, seed)
    for kind, mean, difference in zip(scores, means.tolist(), differences.tolist(), strict=True):
        yield Row(name, kind, *mean, None if kind == "map" else tuple(difference))


def _about_weights(correlation, confidence, seed):
    if correlation is None:
        return NOT_CHECKED
    mean, low, high = mean_intervals(correlation[None], confidence, seed)[0]
    return f"its maps have a rank correlation of {mean:.2f} [{low:.2f}, {high:.2f}] with the maps"

"""The answer of a study in plain sentences."""

from regard.reports.page import paragraph
from regard.reports.study.arms import baseline, compared, designs, family
from regard.reports.study.many import by_gain, is_many
from regard.reports.study.words import arm_words, counted, fact, interval, listed, points
from regard.studies.statistics import FEWEST_SEEDS

_ADJUSTED = (
    "The verdicts are adjusted for all designs at once (Holm); the intervals are each design's "
    "own, so one that leaves out zero may belong to a verdict that is still open."
)
_BELOW = "see below"
_IN_THE_REPORT = "see the report"


def answers(results, comparisons):
    """Returns the answer for each design, as HTML: the verdict, and what the controls say.

    Many designs are told together, by their verdicts; the controls then of those that help.

    Args:
        results: A `regard.studies.results.Results`.
        comparisons: Its `regard.studies.comparison.Comparison`s.
    """
    if is_many(results):
        counts, *lists = by_verdict(results, comparisons)
        return "\n".join([paragraph(counts, "answer"), *map(paragraph, lists)])
    parts = []
    for design in designs(results):
        parts.append(paragraph(headline(results, comparisons, design), "answer"))
        said = beside_controls(results, comparisons, design)
        parts += [paragraph(said)] if said else []
    parts += [paragraph(_ADJUSTED, "quiet")] if _is_open_beside_zero(results, comparisons) else []
    return "\n".join(parts)


def answer_lines(results, comparisons):
    """Returns the same as lines of text, for a terminal."""
    known = [one for one in comparisons if one.seeds > 1]
    if is_many(results):
        return by_verdict(results, known, _IN_THE_REPORT)
    lines = []
    for design in designs(results):
        said = beside_controls(results, known, design, _IN_THE_REPORT)
        lines += [headline(results, known, design), *([f"  {said}"] if said else [])]
    lines += [_ADJUSTED] if _is_open_beside_zero(results, known) else []
    return lines


def _is_open_beside_zero(results, comparisons):
    """Whether the interval of a design leaves out zero and its verdict is open, for Holm's sake."""
    none = baseline(results).name
    return any(
        one.against == none
        and one.seeds >= FEWEST_SEEDS
        and one.needed_seeds is not None
        and (one.interval[0] > 0 or one.interval[1] < 0)
        for one in comparisons
    )


def headline(results, comparisons, design):
    """Says in one sentence what a design does beside no attention."""
    none = baseline(results)
    one = compared(comparisons, design.name, none.name)
    if one is None:
        return f"{design.name}: no answer, as fewer than two seeds gave scores with it and without."
    verb = " " if one.verdict in ("helps", "hurts") else ": "
    ends = {"failed": results.failed, "diverged": results.diverged}
    counts = {
        word: sum(name in (design.name, none.name) for name, _ in trainings)
        for word, trainings in ends.items()
    }
    lost = [f"; {counted(n, 'training')} {word}" for word, n in counts.items() if n]
    return (
        f"{design.name}{verb}{one.verdict}: {points(one.difference)} points "
        f"{interval(one.interval)} over no attention, {counted(one.seeds, 'seed')}{''.join(lost)}."
    )


def by_verdict(results, comparisons, where=_BELOW):
    """Returns how many designs have each verdict, then for each which, the largest gain first.

    Args:
        results: A `regard.studies.results.Results`.
        comparisons: Its comparisons.
        where: Where it is told why controls were left out.
    """
    said, told = {}, []
    for arm, one in by_gain(results, comparisons):
        verdict = one.verdict.split(" (")[0]
        text = f"{arm.name} {points(one.difference)} {interval(one.interval)}"
        said.setdefault(verdict, []).append(text)
        told.append(arm)
    missing = [arm.name for arm in designs(results) if arm not in told]
    if missing:
        said["no answer, for want of seeds"] = missing
    counts = [f"{verdict}: {len(names)}" for verdict, names in said.items()]
    lists = [f"{verdict}: {', '.join(names)}." for verdict, names in said.items()]
    lists += _controls_of_many(results, comparisons, where)
    total = f"{len(designs(results))} designs beside no attention."
    return [f"{total} {_sentence('; '.join(counts))}.", _ADJUSTED, *map(_sentence, lists)]


def _controls_of_many(results, comparisons, where):
    """What the controls say of the designs that help, and which controls were left out."""
    said = {}
    for arm, one in by_gain(results, comparisons):
        pairs = _beside(results, comparisons, arm)
        if pairs and one.verdict == "helps":
            said.setdefault(_meaning(pairs), []).append(arm.name)
    told = [f"{meaning}: {', '.join(names)}." for meaning, names in said.items()]
    left = "; ".join(results.left_out)
    return [*told, *([f"controls left out, {where}: {left}."] if left else [])]


def _sentence(text):
    return text[:1].upper() + text[1:]


def beside_controls(results, comparisons, design, where=_BELOW):
    """Says in a sentence or two how a design does beside its controls; empty without any.

    Args:
        results: A `regard.studies.results.Results`.
        comparisons: Its comparisons.
        design: The arm.
        where: Where it is told why controls were left out.
    """
    parts = [_compared_controls(results, comparisons, design), _left_out(results, design, where)]
    return " ".join(filter(None, parts))


def notices(results):
    """Returns what a reader must know before believing the answer, as HTML; may be empty."""
    said = [*filter(None, [fact(results, "notice"), _too_few_seeds(results)])]
    if results.failed:
        said.append(f"{counted(len(results.failed), 'training')} failed; see below.")
    if results.diverged:
        said.append(f"{counted(len(results.diverged), 'training')} diverged; see below.")
    return "\n".join(paragraph(text, "notice") for text in said)


def _too_few_seeds(results):
    """Says of which designs there is no result; empty where there is one of all."""
    none = baseline(results)
    counts = {one.name: len(results.seeds(none.name, one.name)) for one in designs(results)}
    few = {name: count for name, count in counts.items() if count < FEWEST_SEEDS}
    if not few:
        return ""
    of = "This is" if len(few) == len(counts) else f"Of {listed(list(few))} this is"
    return (
        f"{of} not a result. It takes at least {FEWEST_SEEDS} seeds to tell a difference from "
        f"chance, and here only {counted(min(few.values()), 'seed')} gave scores both with a "
        "design and without attention."
    )


def _compared_controls(results, comparisons, design):
    pairs = _beside(results, comparisons, design)
    if not pairs:
        return ""
    said = {}
    for arm, one in pairs:
        text = f"{arm_words(arm)} ({points(one.difference)} {interval(one.interval)})"
        said.setdefault(_relation(one.verdict), []).append(text)
    parts = [f"it {relation} {listed(names)}" for relation, names in said.items()]
    one = compared(comparisons, design.name, baseline(results).name)
    helps = one is not None and one.verdict == "helps"
    meaning = f" So {_meaning(pairs)}." if helps else ""
    return f"Beside its controls {'; '.join(parts)}.{meaning}"


def _beside(results, comparisons, design):
    """The controls of a design with which it is compared, each with its comparison."""
    controls = [arm for arm in family(results, design) if arm.of == design.name]
    pairs = [(arm, compared(comparisons, design.name, arm.name)) for arm in controls]
    return [(arm, one) for arm, one in pairs if one is not None]


def _left_out(results, design, where):
    names = [one for one in results.study.controls if f"{design.name}, {one}" in results.left_out]
    return f"Left out, {where}: {listed(names)}." if names else ""


def _relation(verdict):
    if verdict == "helps":
        return "is better than"
    if verdict == "hurts":
        return "is worse than"
    if verdict.startswith("no difference"):
        return f"shows {verdict} from"
    return "cannot yet be told from"


def _meaning(pairs):
    if all(one.verdict == "helps" for _, one in pairs):
        return "the gain is more than these controls explain"
    return "the gain is not shown to be the attention's own"

"""The sections of a study's report that are charts, as HTML."""

from regard.reports.page import captioned, gallery, paragraph, section
from regard.reports.study.arms import baseline, compared, designs, family, summaries
from regard.reports.study.cost import cost_and_gain, numbered
from regard.reports.study.forest import forest, shared_limits
from regard.reports.study.learning import learning
from regard.reports.study.many import by_gain, leading
from regard.reports.study.per_seed import per_seed
from regard.reports.study.words import arm_words, level_words
from regard.reports.svg import inline
from regard.studies.statistics import worth_words


def differences(results, comparisons):
    """Forest plots: all designs over no attention, then each beside its controls."""
    study = results.study
    rows = _rows(results, comparisons)
    if not rows:
        return ""
    limits = shared_limits(comparisons, study.worth)
    charts = [
        captioned(
            inline(
                lambda lines=lines: forest(lines, study.worth, limits),
                f"forest-{number}",
                f"Differences in accuracy with intervals: {_title(name)}",
            ),
            _title(name),
        )
        for number, (name, lines) in enumerate(rows.items())
    ]
    band = (
        f" The band is ±{worth_words(study.worth)}, less than what the study calls worth having."
        if study.worth
        else ""
    )
    looks = ", adjusted for the looks" if study.until_decided else ""
    meaning = (
        f"Each line is a {level_words(study)} interval of the difference in test accuracy, paired "
        f"by seed{looks}: blue where the design is better, orange where it is worse, grey "
        f"otherwise.{band} To the right of zero attention is ahead."
    )
    return section("How large is the difference?", paragraph(meaning, "quiet"), _charts(charts))


def _rows(results, comparisons):
    """The lines of each forest plot by its name."""
    pairs = by_gain(results, comparisons)
    rows = {"all": [(arm.name, one) for arm, one in pairs]} if len(designs(results)) > 1 else {}
    few = leading(results, comparisons)
    for design in designs(few):
        against = [
            (arm, compared(comparisons, design.name, arm.name)) for arm in family(few, design)
        ]
        lines = [(f"over {arm_words(arm)}", one) for arm, one in against if one is not None]
        if len(lines) > 1 or not rows.get("all"):
            rows[design.name] = lines
    return {name: lines for name, lines in rows.items() if lines}


def by_seed(results):
    """The accuracies seed by seed."""
    charts = [
        captioned(
            inline(
                lambda design=design: per_seed(results, family(results, design)),
                f"seeds-{number}",
                f"Test accuracy of each seed, {_family_words(results, design)}",
            ),
            design.name,
        )
        for number, design in enumerate(designs(results))
    ]
    meaning = (
        "A mark is one seed, a bar the mean; a line joins the arms of one seed, which share "
        "the split and the weights at the start."
    )
    return section("Seed by seed", paragraph(meaning, "quiet"), _charts(charts))


def curves(results):
    """Validation accuracy and loss by epoch."""
    charts = [
        captioned(
            inline(
                lambda design=design, key=key: learning(results, _trained(results, design), key),
                f"{key}-{number}".replace("_", "-"),
                f"{name.capitalize()} by epoch, {_family_words(results, design)}",
            ),
            f"{design.name}: {name}",
        )
        for number, design in enumerate(designs(results))
        for key, name in (
            ("val_accuracy", "validation accuracy"),
            ("val_loss", "validation loss"),
        )
    ]
    meaning = "Lines are means over the seeds, bands reach from the least to the greatest."
    if any(arm.role == "shuffled" for arm in results.arms):
        meaning += " The arm with the maps of other images is not trained anew, so it has no curve."
    return section("How they learn", paragraph(meaning, "quiet"), _charts(charts))


def cost(results, comparisons):
    """Gain in accuracy beside cost in arithmetic and in time."""
    pairs = [one for _, one in by_gain(results, comparisons)]
    if not pairs:
        return ""
    rows = {s.arm.name: s for s in summaries(results, comparisons)}
    arms = [rows[name] for name in (baseline(results).name, *(one.arm for one in pairs))]
    kinds = {
        "arithmetic": ("million multiply-adds an image", [s.arm.multiply_adds / 1e6 for s in arms]),
        "time": ("milliseconds a training step", [s.mean["step_ms"] for s in arms]),
    }
    charts = [
        captioned(
            inline(
                lambda values=values, label=label: cost_and_gain(values, pairs, label),
                f"cost-{name}",
                f"Gain in accuracy over no attention beside {label}",
            ),
            f"gain beside {name}",
        )
        for name, (label, values) in kinds.items()
    ]
    meaning = (
        "Each design's gain over no attention, which is the grey dot, with its interval. The "
        "dotted steps join what nothing here beats: no other gains as much for less."
    )
    gains = [0, *(one.difference for one in pairs)]
    named = set().union(*(numbered(values, gains) for _, values in kinds.values()))
    key = "; ".join(f"{place}: {pairs[place - 1].arm}" for place in sorted(named))
    return section("What it costs", paragraph(meaning, "quiet"), paragraph(key), _charts(charts))


def _trained(results, design):
    return [arm for arm in family(results, design) if arm.role != "shuffled"]


def _family_words(results, design):
    own = any(arm.of == design.name for arm in results.arms)
    return f"{design.name} and {'its controls' if own else 'no attention'}"


def _charts(charts):
    return gallery(charts, "charts large")


def _title(name):
    return "each design over no attention" if name == "all" else name
